import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";

// The editor is a script of its own: only the page of a plan that one writes loads it.
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [compress()],
  build: {
    target: ["chrome87", "firefox78", "safari14"],
    emptyOutDir: false,
    modulePreload: false,
    rollupOptions: { input: "src/editor/editor.ts", output: { format: "iife", entryFileNames: "editor.js" } },
  },
});
