#!/usr/bin/env bash
# Measures, one JSON object a line; writes them with machine and date into bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/.."
zampa=$1
lines=$(mktemp)
"$(dirname "$zampa")/bench" "$zampa" | tee "$lines"
{
  echo "# Results"
  echo
  echo "Measured by \`make bench\` on $(date -u +%Y-%m-%d), $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(awk '/MemTotal/{printf "%d GB", $2/1048576}' /proc/meminfo)."
  echo "The peer is Kolibri 0.19.5; its figures were measured on such a machine, not in this run."
  echo
  echo "| measure | value | unit | goal | reached | peer | times better |"
  echo "|---|---|---|---|---|---|---|"
  sed -E 's/.*"goal":"([^"]*)","name":"([^"]*)","ok":([a-z]*),.*"peer_value":("[^"]*"|null),"ratio":([^,]*),"unit":"([^"]*)","value":([^,}]*).*/| \2 | \7 | \6 | \1 | \3 | \4 | \5 |/; s/"//g; s/\| null /| – /g' "$lines"
} > bench/RESULTS.md
rm "$lines"
