/**
 * The engine under stress for a minute: 64 goroutines with deep stacks, forced collections, signals and children, every
 * call asked; then the same with one answer in ten up to 20 ms late.
 *
 *     node test/engine/main.ts [--seconds 60]
 *
 * Exit code 0 when no answer was wrong.
 */
import { parseArgs } from "node:util";
import { run } from "../matrix/run.ts";
import { answered, probeProgram } from "./programs.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);
const probe = await probeProgram();

for (const flags of [["--all"], ["--all", "--late"]]) {
  const { stdout, stderr, exitCode } = await run(answered(flags, [probe, "stress", String(seconds)]), {
    cwd: "/",
    timeoutMs: (seconds + 120) * 1000,
  });
  console.log(`${flags.join(" ")}: ${stdout.trim()} (exit code ${exitCode})`);
  if (exitCode !== 0 || !stdout.startsWith("wrong 0 ")) {
    console.error(stderr);
    process.exitCode = 1;
  }
}
