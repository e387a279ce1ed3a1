#!/usr/bin/env bash
# Installs what only testing needs, where it is missing: a browser, a font, FFmpeg, LibreOffice, an XML validator, a reader of PDF and the store of a browser's certificates from Debian, two tools from Cargo.
set -euo pipefail
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
missing=()
command -v chromium >/dev/null || missing+=(chromium)
fc-list 2>/dev/null | grep -q "Noto Sans CJK" || missing+=(fonts-noto-cjk fontconfig)
command -v ffmpeg >/dev/null || missing+=(ffmpeg)
command -v xmllint >/dev/null || missing+=(libxml2-utils)
command -v certutil >/dev/null || missing+=(libnss3-tools)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
command -v soffice >/dev/null || missing+=(libreoffice-impress-nogui libreoffice-writer-nogui)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
command -v cargo-nextest >/dev/null || cargo install --locked --quiet cargo-nextest
command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny
