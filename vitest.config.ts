import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "script/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/fixtures/**", "**/testdata/**"],
    // Tests of the command line run what users run: dist/, built from these sources.
    globalSetup: "test/build.ts",
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

export default config;
