/** What the supervisor costs while the program sleeps. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { figure, type Section } from "./report.ts";
import { elsewhere, type Tools } from "./tools.ts";

const SETTLE_MS = 2000;
const QUIET_MS = 10_000;
/** `getconf CLK_TCK`, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function benchIdle(tools: Tools): Promise<Section> {
  const sleep = `${SETTLE_MS + QUIET_MS + 1000}ms`;
  const [node = "", ...args] = elsewhere("trace", "-o", "/dev/null", "--", tools.roundtrip, "-sleep", sleep);
  const supervisor = spawn(node, args, { stdio: "ignore" });
  const ended = once(supervisor, "exit");
  await wait(SETTLE_MS);
  const before = ticksOf(supervisor.pid ?? 0);
  await wait(QUIET_MS);
  const usedMs = ((ticksOf(supervisor.pid ?? 0) - before) / TICKS_PER_SECOND) * 1000;
  await ended;
  const percent = (usedMs / QUIET_MS) * 100;
  return {
    title: `Idle: the program sleeps for ${QUIET_MS / 1000} s`,
    about: "Processor time of the supervisor, all its threads, user and system.",
    columns: ["", "ms", "%"],
    rows: [["`elsewhere trace`", figure(usedMs), figure(percent)]],
    targets: [{ what: "idle supervisor", wanted: 0.5, measured: percent, unit: "%" }],
  };
}

/** utime + stime of /proc/PID/stat, fields 14 and 15; the name in field 2 may hold anything. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
