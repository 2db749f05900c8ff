/** TypeScript 7's own compiler, a stripped static Go program, checks a project with errors in it. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { cached } from "../matrix/cache.ts";
import { readTrace, traced } from "../matrix/elsewhere.ts";
import { differences, run } from "../matrix/run.ts";
import { writeProject } from "./project.ts";

/** The Go program behind node_modules/.bin/tsc. */
export function tscProgram(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("typescript/package.json"));
  return join(dirname(require.resolve(`@typescript/typescript-linux-${process.arch}/package.json`)), "lib/tsc");
}

/** What is different when it is traced; nothing when all is well. */
export async function judgeTsc(): Promise<string[]> {
  const folder = join(cached("runs"), "tsc");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeProject(folder, 60);
  const command = [tscProgram(), "-p", ".", "--pretty", "false"];
  const file = `${folder}.trace`;
  const native = await run(command, { cwd: folder, timeoutMs: 60_000 });
  const hooked = await run(traced(file, command), { cwd: folder, timeoutMs: 120_000 });
  const problems = differences(native, hooked);
  if (!native.stdout.includes("source/wrong.ts(1,14): error TS2322"))
    problems.push(`natively it does not find the errors: ${native.stdout}${native.stderr}`);
  if (!readTrace(file).some((call) => call.call === "openat")) problems.push("the trace lacks openat");
  rmSync(folder, { recursive: true });
  rmSync(file);
  return problems;
}
