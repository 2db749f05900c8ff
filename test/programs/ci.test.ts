/** Real programs on every change; `node test/programs/main.ts` runs the servers longer. */
import { expect, test } from "vitest";
import { esbuildReleases, judgeEsbuild } from "./esbuild.ts";
import { loadProblems, loadTraced } from "./load.ts";
import { caddyServer, ginServer } from "./servers.ts";
import { judgeTsc } from "./tsc.ts";

const requests = 5000;

for (const release of esbuildReleases) {
  test(`esbuild of Go ${release.go} bundles to the same bytes`, { timeout: 120_000 }, async () => {
    expect(await judgeEsbuild(release)).toEqual([]);
  });
}

test("TypeScript's compiler reports the same errors", { timeout: 120_000 }, async () => {
  expect(await judgeTsc()).toEqual([]);
});

for (const makeServer of [ginServer, caddyServer]) {
  test(`${makeServer.name} answers ${requests} requests`, { timeout: 240_000 }, async () => {
    expect(loadProblems(await loadTraced(await makeServer(), requests), requests)).toEqual([]);
  });
}
