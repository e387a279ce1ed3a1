import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";
import { sprite } from "./build/sprite.ts";

// Fixed file names: the server puts a content hash into the URL itself.
const names: Record<string, string> = { "noto-serif-tibetan-tibetan-400-normal.woff2": "tibetan-400.woff2" };

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [sprite(), compress()],
  build: {
    target: ["chrome87", "firefox78", "safari14"],
    cssTarget: ["chrome87", "firefox78", "safari14"],
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: true,
    rollupOptions: {
      input: "src/zampa.ts",
      output: {
        format: "iife",
        entryFileNames: "zampa.js",
        assetFileNames: (asset) => {
          const name = asset.names[0] ?? "";
          return names[name] ?? (name.endsWith(".css") ? "zampa.css" : name);
        },
      },
    },
  },
});
