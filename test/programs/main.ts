/**
 * Programs that nobody here wrote, traced: every esbuild generation, TypeScript's compiler, servers under load.
 *
 *   node test/programs/main.ts [--requests 100000] [--only esbuild,tsc,gin,caddy]
 *
 * Exit code 0 when nothing differs.
 */
import { parseArgs } from "node:util";
import { esbuildReleases, judgeEsbuild } from "./esbuild.ts";
import { loadProblems, loadTraced } from "./load.ts";
import { caddyServer, ginServer } from "./servers.ts";
import { judgeTsc } from "./tsc.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    only: { type: "string", default: "esbuild,tsc,gin,caddy" },
  },
});
const only = values.only.split(",");
const requests = Number(values.requests);

console.log("| program | what | result |\n|---|---|---|");
if (only.includes("esbuild"))
  for (const release of esbuildReleases)
    report(`${release.specifier} (Go ${release.go})`, "bundles to the same bytes", await judgeEsbuild(release));
if (only.includes("tsc")) report("TypeScript 7 tsc", "reports the same errors", await judgeTsc());
for (const makeServer of [ginServer, caddyServer]) {
  if (!only.includes(makeServer.name.replace("Server", ""))) continue;
  const server = await makeServer();
  const result = await loadTraced(server, requests);
  const rate = Math.round(requests / result.seconds);
  report(
    server.name,
    `${requests} requests, ${rate}/s, ${result.calls} calls traced, slowest ${result.slowestMs} ms`,
    loadProblems(result, requests),
  );
}

function report(program: string, what: string, problems: readonly string[]): void {
  console.log(`| ${program} | ${what} | ${problems.length === 0 ? "yes" : `**${problems.join("; ")}**`} |`);
  if (problems.length > 0) process.exitCode = 1;
}
