import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { icons, marks } from "../src/icons.ts";

const require = createRequire(import.meta.url);

/** One `<symbol>` from one SVG file: the outer attributes that carry the drawing move along, the rest stays behind. */
function symbol(id: string, file: string): string {
  const source = readFileSync(file, "utf8").replace(/<!--[^]*?-->/g, "");
  const match = /<svg([^>]*)>([^]*)<\/svg>/.exec(source);
  if (!match) throw new Error(`${file} holds no <svg>`);
  const [, outer = "", inner = ""] = match;
  const kept = ["viewBox", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"]
    .map((name) => new RegExp(`\\s${name}="([^"]*)"`).exec(outer)?.[0].trim())
    .filter(Boolean);
  return `<symbol id="${id}" ${kept.join(" ")}>${inner.replace(/\s+/g, " ").replace(/> </g, "><").trim()}</symbol>`;
}

/** Writes `sprite.svg`: the listed Lucide icons and the marks. A name that does not exist fails the build. */
export function sprite(): Plugin {
  return {
    name: "zampa-sprite",
    generateBundle() {
      const lines = [
        ...icons.map((name) => symbol(`i-${name}`, require.resolve(`lucide-static/icons/${name}.svg`))),
        ...marks.map((name) => symbol(name, fileURLToPath(new URL(`../src/marks/${name}.svg`, import.meta.url)))),
      ];
      const notice = "<!-- Icons: Lucide, ISC, lucide.dev. Tibetan outlines: Noto Serif Tibetan, OFL-1.1. -->";
      this.emitFile({
        type: "asset",
        fileName: "sprite.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${notice}\n${lines.join("\n")}\n</svg>\n`,
      });
      const mark = readFileSync(fileURLToPath(new URL("../src/marks/mark.svg", import.meta.url)), "utf8");
      this.emitFile({ type: "asset", fileName: "icon.svg", source: mark });
    },
  };
}
