/**
 * The engine under stress: 64 goroutines with deep stacks, forced collections, signals and children, every call asked,
 * for a minute at a time until five million calls have been answered; then a minute with one answer in ten up to 20 ms late.
 *
 *     node test/engine/main.ts [--seconds 60] [--calls 5000000]
 *
 * Exit code 0 when no answer was wrong.
 */
import { parseArgs } from "node:util";
import { run } from "../matrix/run.ts";
import { answered, probeProgram } from "./programs.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, calls: { type: "string", default: "5000000" } },
});
const seconds = Number(values.seconds);
const probe = await probeProgram();

/** @returns how many calls were answered */
async function stress(...flags: string[]): Promise<number> {
  const { stdout, stderr, exitCode } = await run(answered(flags, [probe, "stress", String(seconds)]), {
    cwd: "/",
    timeoutMs: (seconds + 120) * 1000,
  });
  console.log(`${flags.join(" ")}: ${stdout.trim()} (exit code ${exitCode})`);
  if (exitCode !== 0 || !stdout.startsWith("wrong 0 ")) {
    console.error(stderr);
    process.exit(1);
  }
  return Number(/calls (\d+)/.exec(stdout)?.[1]);
}

for (let calls = 0; calls < Number(values.calls);) calls += await stress("--all");
await stress("--all", "--late");
