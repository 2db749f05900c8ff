import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "script/**/*.test.ts"],
    // Tests start real programs; processes of their own keep worker threads and signals apart.
    pool: "forks",
    // Two at a time: many tests are about who runs when, and CI has two cores.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // A test that passes only at the second try has failed.
    retry: 0,
  },
});
