/** `elsewhere doctor`: what this machine must allow, tried rather than guessed. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { errnoName, errnoText } from "../linux/errno.ts";
import { processVmRead } from "../linux/native.ts";
import { hostMachine, machines } from "../machine/machines.ts";
import { Mailbox } from "../mailbox/mailbox.ts";
import { cacheDirectory } from "../patch/location.ts";
import { targetChecks } from "./doctor-targets.ts";
import { wantsColour } from "./report.ts";

/** What was tried, and what came of it. */
export interface Finding {
  readonly ok: boolean;
  /** Only some targets need it. */
  readonly isOptional?: boolean;
  /** What was found. */
  readonly found: string;
  /** What it means, and what to do; only where something is wrong. */
  readonly fix?: string;
}

/** One thing that this machine must allow. */
export interface Check {
  readonly name: string;
  readonly why: string;
  run(): Finding | Promise<Finding>;
}

const OLDEST_KERNEL: readonly [number, number] = [4, 18];
const OLDEST_NODE: readonly [number, number] = [22, 18];

const checks: readonly Check[] = [
  { name: "processor", why: "the part inside the program is machine code", run: checkProcessor },
  { name: "kernel", why: "memfd, process_vm_readv, robust futexes", run: checkKernel },
  { name: "Node.js", why: "runs TypeScript hooks as they are", run: checkNode },
  { name: "/proc", why: "tells threads from processes, and gives programs the mailbox", run: checkProc },
  { name: "shared memory", why: "the mailbox between program and supervisor", run: checkSharedMemory },
  { name: "process_vm_readv", why: "reads the paths and buffers that calls point to", run: checkMemoryAccess },
  { name: "Yama", why: "may forbid reading memory of programs that are not descendants", run: checkYama },
  { name: "cache directory", why: "patched copies are kept there and run from there", run: checkCache },
  ...targetChecks,
];

export async function doctor(options: { json?: boolean }): Promise<void> {
  const results: { readonly check: Check; readonly finding: Finding }[] = [];
  for (const check of checks) results.push({ check, finding: await attempt(check) });
  if (options.json === true)
    console.log(
      JSON.stringify(
        results.map(({ check: { name, why }, finding }) => ({ name, why, ...finding })),
        null,
        2,
      ),
    );
  else for (const { check, finding } of results) print(check, finding);
  if (results.some(({ finding }) => !finding.ok && finding.isOptional !== true)) process.exitCode = 1;
}

async function attempt(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    return {
      ok: false,
      found: error instanceof Error ? error.message : String(error),
      fix: "without it nothing can be hooked",
    };
  }
}

function print({ name, why }: Check, { ok, isOptional, found, fix }: Finding): void {
  const { green, red, yellow, bold, dim } = pc.createColors(wantsColour(process.env, 1));
  console.log(
    `${ok ? green("✓") : isOptional === true ? yellow("!") : red("✗")} ${bold(name.padEnd(17))} ${found} ${dim(`(${why})`)}`,
  );
  if (fix !== undefined) console.log(`    → ${fix}`);
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

function checkProcessor(): Finding {
  const machine = hostMachine();
  if (machine !== undefined) return { ok: true, found: machine.name };
  const known = machines.map(({ name }) => name).join(", ");
  return { ok: false, found: process.arch, fix: `run elsewhere on one of: ${known}` };
}

function checkKernel(): Finding {
  const found = `Linux ${release()}`;
  if (atLeast(release(), OLDEST_KERNEL)) return { ok: true, found };
  return { ok: false, found, fix: `elsewhere needs Linux ${OLDEST_KERNEL.join(".")} or newer` };
}

function checkNode(): Finding {
  const found = process.version;
  if (atLeast(found.slice(1), OLDEST_NODE)) return { ok: true, found };
  return { ok: false, found, fix: `install Node.js ${OLDEST_NODE.join(".")} or newer` };
}

function checkProc(): Finding {
  const own = /^Tgid:\s*(\d+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  if (Number(own) === process.pid) return { ok: true, found: "mounted, and it is this process's view" };
  return {
    ok: false,
    found: `mounted, but of another process namespace (Tgid ${own}, process ${process.pid})`,
    fix: "mount a /proc of this namespace: mount -t proc proc /proc",
  };
}

function checkSharedMemory(): Finding {
  const futexCall = hostMachine()?.calls.number("futex");
  if (futexCall === undefined) return { ok: false, found: "not tried: unknown processor" };
  using mailbox = new Mailbox({ futexCall });
  closeSync(openSync(mailbox.path, "r+"));
  return { ok: true, found: `memfd, opened again as ${mailbox.path}` };
}

async function checkMemoryAccess(): Promise<Finding> {
  const child = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
  try {
    if (child.pid === undefined) return { ok: false, found: "no child process could be started" };
    const stack = /^([0-9a-f]+)-[0-9a-f]+ rw.*\[stack\]$/m.exec(readFileSync(`/proc/${child.pid}/maps`, "latin1"))?.[1];
    const result = processVmRead(child.pid, BigInt(`0x${stack ?? "0"}`), 16);
    if (typeof result !== "number") return { ok: true, found: "reads a child's memory" };
    return {
      ok: false,
      found: `${errnoName(-result) ?? result}: ${errnoText(-result)}`,
      fix: "a container may need --cap-add SYS_PTRACE, or a seccomp profile that allows process_vm_readv",
    };
  } finally {
    child.kill("SIGKILL");
  }
}

function checkYama(): Finding {
  let scope: string;
  try {
    scope = readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8").trim();
  } catch {
    return { ok: true, found: "not in this kernel" };
  }
  const found = `kernel.yama.ptrace_scope = ${scope}`;
  if (Number(scope) <= 1) return { ok: true, found: `${found}: programs started by elsewhere are its descendants` };
  return {
    ok: process.getuid?.() === 0 && Number(scope) === 2,
    found,
    fix: "sysctl kernel.yama.ptrace_scope=1, or run elsewhere as root",
  };
}

function checkCache(): Finding {
  const root = cacheDirectory();
  const fix = "set ELSEWHERE_CACHE_DIR to a directory on a file system that is writable and not mounted noexec";
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const folder = mkdtempSync(join(root, "doctor-"));
    try {
      const script = join(folder, "try");
      writeFileSync(script, "#!/bin/sh\necho runs\n", { mode: 0o700 });
      execFileSync(script);
    } finally {
      rmSync(folder, { recursive: true });
    }
    return { ok: true, found: `${root}: writable, and programs run from it` };
  } catch (error) {
    return { ok: false, found: `${root}: ${error instanceof Error ? error.message : String(error)}`, fix };
  }
}
