/**
 * Benchmarks, every figure beside what it is to be compared with, measured in the same run.
 *
 *     npm run bench -- [--json] [--write] [--rounds N] [--only roundtrip,hooks,files,quiet,crowd,startup,bundle,idle,distance,traffic]
 *
 * --write puts the table into bench/README.md.
 * Exit code 1 when a promise was missed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchBundle } from "./bundle.ts";
import { benchCrowd } from "./crowd.ts";
import { benchDistance } from "./distance.ts";
import { benchFiles } from "./files.ts";
import { benchHooks } from "./hooks.ts";
import { benchIdle } from "./idle.ts";
import { describeMachine } from "./machine.ts";
import { benchQuiet } from "./quiet.ts";
import { isMet, markdown, type Section } from "./report.ts";
import { benchRoundTrip } from "./roundtrip.ts";
import { benchStartup } from "./startup.ts";
import { prepare, type Tools } from "./tools.ts";
import { benchTraffic } from "./traffic.ts";

const benches: Readonly<Record<string, (tools: Tools, rounds: number) => Promise<Section>>> = {
  roundtrip: benchRoundTrip,
  hooks: benchHooks,
  files: benchFiles,
  quiet: benchQuiet,
  crowd: benchCrowd,
  startup: benchStartup,
  bundle: benchBundle,
  idle: benchIdle,
  distance: benchDistance,
  traffic: benchTraffic,
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: Object.keys(benches).join(",") },
  },
});
const machine = describeMachine();
const tools = await prepare();
const sections: Section[] = [];
for (const name of values.only.split(",")) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no benchmark is called ${name}: ${Object.keys(benches).join(", ")}`);
  console.error(`bench: ${name}`);
  sections.push(await bench(tools, Number(values.rounds)));
}
console.log(values.json ? JSON.stringify({ machine, sections }, null, 2) : markdown(machine, sections));
if (values.write) {
  const readme = new URL("README.md", import.meta.url);
  const results = `<!-- results -->\n\n${markdown(machine, sections)}\n\n<!-- /results -->`;
  writeFileSync(
    readme,
    readFileSync(readme, "utf8").replace(/<!-- results -->[^]*<!-- \/results -->/, () => results),
  );
}
if (!sections.every(({ targets }) => targets.every(isMet))) process.exitCode = 1;
