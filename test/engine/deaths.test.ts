/**
 * `kill -9` of either side, at random moments. The program always goes on with the kernel's
 * answers within two seconds, and nothing stays behind. ELSEWHERE_TEST_DEATHS says how
 * often (`npm run test:full`: 200).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { answered, probeProgram } from "./programs.ts";

const times = Number(process.env["ELSEWHERE_TEST_DEATHS"] ?? 10);
/** From the supervisor's death until every thread has its outcome. */
const limitMs = 2000;

let probe: string;
beforeAll(async () => {
  probe = await probeProgram();
}, 300_000);

/** Folders in which a run could leave something. */
const places = (home: string): readonly string[] => ["/dev/shm", home];

function filesIn(folders: readonly string[]): string[] {
  return folders
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
    .sort();
}

function start(
  home: string,
  args: readonly string[],
  flags: readonly string[] = [],
): { supervisor: ChildProcess; text: () => string; closed: Promise<unknown> } {
  const [program = "", ...rest] = answered(flags, [probe, ...args]);
  const supervisor = spawn(program, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: home, XDG_RUNTIME_DIR: home },
  });
  let text = "";
  supervisor.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    supervisor.emit("text");
  });
  supervisor.stderr.resume();
  return { supervisor, text: () => text, closed: once(supervisor, "close") };
}

async function until(supervisor: ChildProcess, text: () => string, wanted: string): Promise<void> {
  while (!text().includes(wanted)) {
    const event = await Promise.race([once(supervisor, "text"), once(supervisor, "close").then(() => "closed")]);
    if (event === "closed") throw new Error(`ended before it said ${wanted}: ${text()}`);
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);

function inTemporaryHome(work: (home: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const home = mkdtempSync(join(tmpdir(), "elsewhere-deaths-"));
    try {
      const before = filesIn(places(home));
      await work(home);
      expect(filesIn(places(home))).toEqual(before);
    } finally {
      rmSync(home, { recursive: true });
    }
  };
}

test(
  `the supervisor is killed ${times} times: the program gets the kernel's answers within ${limitMs} ms`,
  inTemporaryHome(async (home) => {
    for (let i = 0; i < times; i++) {
      const { supervisor, text, closed } = start(home, ["until-native"]);
      await until(supervisor, text, "asking");
      const delay = Math.random() * 100;
      await new Promise((resolve) => setTimeout(resolve, delay));
      supervisor.kill("SIGKILL");
      await closed; // the pipe closes when the program, which has it too, ends
      const slowest = Number(/native after (\d+) ms/.exec(text())?.[1]);
      expect(slowest, `killed after ${delay} ms`).toBeLessThanOrEqual(limitMs);
    }
  }),
  times * 10_000,
);

test(
  `the supervisor is killed ${times} times where that is the program's death: no call gets the kernel's answer`,
  inTemporaryHome(async (home) => {
    for (let i = 0; i < times; i++) {
      const { supervisor, text, closed } = start(home, ["until-native"], ["--deadly"]);
      await until(supervisor, text, "asking");
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      supervisor.kill("SIGKILL");
      await closed; // nobody else has the pipe: the program has ended
      expect(text()).not.toContain("native");
    }
  }),
  times * 10_000,
);

test(
  `the program is killed ${times} times: the tool dies the same way`,
  inTemporaryHome(async (home) => {
    for (let i = 0; i < times; i++) {
      const { supervisor, text, closed } = start(home, ["until-native"]);
      await until(supervisor, text, "asking");
      const [program = 0] = childrenOf(supervisor.pid ?? 0);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      process.kill(program, "SIGKILL");
      await closed;
      expect(supervisor.signalCode).toBe("SIGKILL");
    }
  }),
  times * 10_000,
);

test(
  "Ctrl-C reaches the program, and its end is the tool's",
  inTemporaryHome(async (home) => {
    const { supervisor, text, closed } = start(home, ["sleep"]);
    await until(supervisor, text, "asleep");
    const [program = 0] = childrenOf(supervisor.pid ?? 0);
    // What a terminal does: every process of the foreground group gets it.
    process.kill(supervisor.pid ?? 0, "SIGINT");
    process.kill(program, "SIGINT");
    await closed;
    expect(supervisor.signalCode).toBe("SIGINT");
  }),
);

test(
  "SIGTERM for the tool is the program's",
  inTemporaryHome(async (home) => {
    const { supervisor, text, closed } = start(home, ["sleep"]);
    await until(supervisor, text, "asleep");
    supervisor.kill("SIGTERM");
    await closed;
    expect(supervisor.signalCode).toBe("SIGTERM");
  }),
);
