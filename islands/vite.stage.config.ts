import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";

// The players of packages are scripts of their own: only the page around such a package, on the stage, loads one.
const part = process.env["PART"] ?? "scorm12";

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [compress()],
  build: {
    target: ["chrome87", "firefox78", "safari14"],
    emptyOutDir: false,
    modulePreload: false,
    rollupOptions: { input: `src/stage/${part}.ts`, output: { format: "iife", entryFileNames: `${part}.js` } },
  },
});
