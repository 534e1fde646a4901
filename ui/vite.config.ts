import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

const isTest = process.env["VITEST"] !== undefined;

/** Compiles the messages as they change; tests and checks compile them once, beforehand. */
const messages = paraglideVitePlugin({
  project: "./project.inlang",
  outdir: "./src/i18n/paraglide",
  strategy: ["globalVariable", "baseLocale"],
  emitTsDeclarations: true,
});

export default defineConfig({
  plugins: [svelte(), isTest ? svelteTesting() : messages],
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: "localhost" },
  // The oldest web views that the desktop app meets: WebKitGTK 2.36 and macOS 12.
  build: { target: "safari15", sourcemap: false },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // Only spent on failure: no machine is so slow. What a test waits for has a shorter bound.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
