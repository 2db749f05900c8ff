/**
 * The engine's side of the round trip: a supervisor that does nothing but answer getpgid
 * with 4242, as five lines of somebody's TypeScript would.
 *
 *     node bench/answer.ts [--nobody] -- PROGRAM ARGS…
 *
 * --nobody    the program is hooked and no call is asked for
 */
import { parseArgs } from "node:util";
import { hostMachine } from "../src/machine/machines.ts";
import { CopyCache } from "../src/patch/cache.ts";
import { launch } from "../src/process/launch.ts";
import { Supervisor } from "../src/process/supervisor.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { nobody: { type: "boolean" } } });
const [program = "", ...args] = positionals;
const calls = hostMachine()?.calls;
const futexCall = calls?.number("futex");
const getpgid = calls?.number("getpgid");
if (futexCall === undefined || getpgid === undefined) throw new Error("unknown processor");

using supervisor = new Supervisor({ futexCall });
if (values.nobody !== true) supervisor.serve([getpgid], (call) => call.return(4242n));
const { ended } = await launch(supervisor, {
  program,
  args,
  env: process.env,
  cwd: process.cwd(),
  stdio: "inherit",
  cache: new CopyCache(),
});
process.exitCode = (await ended).exitCode ?? 1;
