/**
 * One fixture under strace as it is, and once more under `elsewhere trace`: the calls
 * made at hooked instructions must be the same multiset. README.md says which calls are
 * not compared, and why.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../matrix/cache.ts";
import { type FixtureRun, fixtureRuns } from "../matrix/cell.ts";
import { readTrace, traced } from "../matrix/elsewhere.ts";
import { ending, run } from "../matrix/run.ts";
import { compareCounts, countCalls } from "./multiset.ts";
import { hookedAddresses } from "./sites.ts";
import { callsOf, parseStrace, type StracedCall } from "./strace.ts";

/** Calls of Go's network poller, which it makes through the hooked function since Go 1.20 whenever it looks. */
const poller: ReadonlySet<string> = new Set(["epoll_wait", "epoll_pwait", "epoll_pwait2", "restart_syscall"]);

/** Calls whose number depends on how fast the other side is; their presence is compared. */
const timed: Readonly<Record<string, readonly string[]>> = {
  // A listing ends early where a signal waits (fs/readdir.c), Go's own for instance, and is taken up again.
  files: ["getdents64"],
  // How many pieces a stream arrives in.
  tcp: ["read", "sendfile", "writev", "epoll_ctl"],
  unix: ["read"],
  exec: ["read", "write"],
  // How often a timed wait was cut short and taken up again, how many signals a storm has.
  timers: ["nanosleep", "select"],
  signals: ["getpid", "kill", "read", "write"],
};

/**
 * The fixtures that make the same calls at every start. "identity" does not: it lists its own threads, and reads its
 * first stack word by word, where two more words stand when it is hooked. Nor does "die": after it has sent itself the
 * signal it goes on until the signal arrives.
 */
export const comparableRuns: readonly FixtureRun[] = fixtureRuns.filter(
  ({ name }) => name !== "identity" && name !== "die",
);

export interface Differential {
  readonly fixture: string;
  /** Calls compared, by strace. */
  readonly calls: number;
  readonly problems: readonly string[];
}

/** Runs `path ARGUMENT…` under both and compares. */
export async function compareWithStrace(path: string, args: readonly string[]): Promise<Differential> {
  // As its children will name it.
  const program = realpathSync(path);
  const [fixture = ""] = args;
  const addresses = await hookedAddresses(program);
  const folder = cached("strace", `${process.pid}-${fixture}`);
  const file = `${folder}.txt`;
  const problems: string[] = [];
  const native = await runIn(folder, ["strace", "-f", "-i", "-o", file, ...fixedAddresses, program, ...args]);
  const straced = parseStrace(readFileSync(file, "utf8"));
  problems.push(...unhookedGenericSites(straced, addresses));

  rmSync(file);
  const hooked = await runIn(folder, traced(file, [program, ...args]));
  if (!existsSync(file)) throw new Error(`no trace of ${fixture}: ${hooked.stderr}`);
  const trace = readTrace(file);
  rmSync(folder, { recursive: true, force: true });
  rmSync(file);
  if (ending(native) !== ending(hooked)) problems.push(`ends with ${ending(hooked)} instead of ${ending(native)}`);

  const expected = countCalls(
    callsOf(program, straced).filter((call) => !call.restarted && addresses.has(call.address)),
    poller,
  );
  const found = countCalls(trace, poller);
  problems.push(...compareCounts(expected, found, new Set(timed[fixture])));
  return { fixture, calls: [...expected.values()].reduce((sum, count) => sum + count, 0), problems };
}

const fixedAddresses: readonly string[] = ["setarch", "-R"];

/**
 * An instruction of the program at which different calls were made takes the number as
 * an argument: it must be among the hooked ones, whatever the tool believes. Calls that
 * never returned do not count: where the process ended before strace had read its registers,
 * strace prints the address of the call before.
 */
function unhookedGenericSites(calls: readonly StracedCall[], hooked: ReadonlySet<bigint>): string[] {
  const program = [...hooked][0] ?? 0n;
  const names = new Map<bigint, Set<string>>();
  for (const { address, call, returned } of calls) {
    // Elsewhere than in the program is libc, or the shell.
    const distance = address > program ? address - program : program - address;
    if (distance > 0x1000_0000n || !returned) continue;
    names.set(address, (names.get(address) ?? new Set()).add(call));
  }
  return [...names]
    .filter(([address, seen]) => seen.size > 1 && !hooked.has(address) && !seen.has("restart_syscall"))
    .map(([address, seen]) => `not hooked: 0x${address.toString(16)} makes ${[...seen].join(", ")}`);
}

function runIn(folder: string, command: readonly string[]): ReturnType<typeof run> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: process.env["HOME"] ?? "/", LANG: "C.UTF-8" };
  return run(command, { cwd: join(folder), environment, timeoutMs: 120_000 });
}
