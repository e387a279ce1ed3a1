#!/usr/bin/env bash
# Measures, one JSON object a line, and collects what was found with machine and date: run.sh PATH-TO-ZAMPA [content|live|screen|growth].
# Each set of measures is a part of its own (bench/results/), so that one can be measured anew without the others.
set -euo pipefail
cd "$(dirname "$0")/.."
zampa=$1
set=${2:-base}
bench=$(dirname "$zampa")/bench
lines=$(mktemp)
case $set in
  base) "$bench" "$zampa" ;;
  content) "$bench" --content; ZAMPA=$zampa node bench/slides.mjs; ZAMPA=$zampa node bench/edit.mjs ;;
  live) "$bench" --live; ZAMPA=$zampa node bench/class_page.mjs ;;
  screen) ZAMPA=$zampa node bench/on_screen.mjs ;;
  growth) ZAMPA=$zampa node bench/growth.mjs ;;
  *) echo "no such set of measures: $set" >&2; exit 2 ;;
esac | tee "$lines"
case $set in base) title="The house" ;; content) title="Lessons prepared together, and the library" ;; live) title="The live class" ;; screen) title="The live class, as browsers at both ends show it" ;; growth) title="Visits, and what people do" ;; esac
{
  echo "## $title"
  echo
  echo "Measured on $(date -u +%Y-%m-%d), $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(awk '/MemTotal/{printf "%d GB", $2/1048576}' /proc/meminfo)."
  echo
  echo "| measure | value | unit | goal | reached | peer | times better |"
  echo "|---|---|---|---|---|---|---|"
  node -e '
    const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map((l) => JSON.parse(l));
    for (const l of lines) console.log(`| ${[l.name, l.value, l.unit, l.goal, l.ok, l.peer_value ?? "–", l.ratio ?? "–"].join(" | ")} |`);
  ' "$lines"
} > "bench/results/$set.md"
{
  echo "# Results"
  echo
  echo "The peer is Kolibri 0.19.5, whose figures were measured on such a machine, not in these runs; for slides it is LibreOffice and
pdftoppm called by hand, and for forwarding in a live class Janus 1.1.2 as Debian has it, both in the same run."
  for part in base content live screen growth; do
    [ -f "bench/results/$part.md" ] && echo && cat "bench/results/$part.md"
  done
} > bench/RESULTS.md
rm "$lines"
