import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";

// Scripts of their own, each loaded by the one page that needs it: `PART` names the source, `stage/scorm12`.
const part = process.env["PART"] ?? "";
const name = part.split("/").pop() ?? "";

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [compress()],
  build: {
    target: ["chrome87", "firefox78", "safari14"],
    emptyOutDir: false,
    modulePreload: false,
    rollupOptions: { input: `src/${part}.ts`, output: { format: "iife", entryFileNames: `${name}.js` } },
  },
});
