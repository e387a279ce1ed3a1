import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import type { Plugin } from "vite";

/** Leaves a Brotli copy beside every text file that was written, so that the server compresses nothing. */
export function compress(): Plugin {
  return {
    name: "zampa-compress",
    writeBundle(options) {
      const dir = options.dir ?? "dist";
      for (const name of readdirSync(dir)) {
        if (!/\.(css|js|svg)$/.test(name)) continue;
        const source = readFileSync(`${dir}/${name}`);
        const packed = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
        writeFileSync(`${dir}/${name}.br`, packed);
      }
    },
  };
}
