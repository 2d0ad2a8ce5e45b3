import { defineConfig } from "vitest/config";

import { LEAN } from "./scripts/lean.mjs";

export default defineConfig({
  resolve: { alias: LEAN },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    // Bundled as in the build, so that what stands in for a package is what is tested.
    server: { deps: { inline: ["markdown-it"] } },
  },
});
