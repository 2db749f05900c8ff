/** A database in a target, whose program is killed again and again: it is whole, and nothing that was said is missing. */
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { Visit } from "./visit.ts";

/** `ELSEWHERE_KILLS=500 vitest run test/world/ledger.test.ts` for more. */
const kills = Number(process.env["ELSEWHERE_KILLS"] ?? 20);
/** A run is killed so long after its first transaction, at most. */
const LONGEST_MS = 300;

let program: string;
let visit: Visit;
beforeAll(async () => {
  program = await goProgram(join(repository, "test/world/ledger"));
  visit = await Visit.start();
}, 300_000);
afterAll(() => visit[Symbol.asyncDispose]());

test("is kept as inside, in every mode of the journal", { timeout: 120_000 }, async () => {
  for (const mode of ["delete", "truncate", "wal", "shared-wal"]) {
    const command = { program, args: ["run", `${mode}.db`, mode, "10"] };
    const { stdout, stderr, exitCode } = await visit.run(command);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout.trim().split("\n").length).toBe(10);
    const check = { program, args: ["check", `${mode}.db`] };
    expect(await visit.runInside(check)).toMatchObject({ stdout: "ok true 10\n", stderr: "", exitCode: 0 });
    expect(await visit.run(check)).toMatchObject({ stdout: "ok true 10\n", stderr: "", exitCode: 0 });
  }
  expect(visit.failures).toEqual([]);
});

test("two programs take turns at it, one here and one inside", async () => {
  const command = { program, args: ["run", "shared.db", "delete", "1"] };
  for (let number = 1; number <= 6; number++) {
    const { stdout, stderr } = await (number % 2 === 0 ? visit.run(command) : visit.runInside(command));
    expect({ stdout, stderr }).toEqual({ stdout: `${number}\n`, stderr: "" });
  }
});

test(`is whole after each of ${kills} kills`, { timeout: 30_000 + kills * 3000 }, async () => {
  for (let number = 0; number < kills; number++) {
    const mode = ["delete", "wal", "truncate"][number % 3] ?? "";
    const afterMs = Math.random() * LONGEST_MS;
    const last = await killed(mode, afterMs);
    const { stdout, stderr } = await visit.runInside({ program, args: ["check", `killed-${mode}.db`] });
    const [, whole, found] = /^(.*) (\d+)\n$/.exec(stdout) ?? [];
    // The one that was being committed may be there or not.
    const isComplete = Number(found) === last || Number(found) === last + 1;
    expect({ mode, afterMs, last, stdout, stderr, whole, isComplete }).toMatchObject({
      stderr: "",
      whole: "ok true",
      isComplete: true,
    });
  }
  expect(visit.failures).toEqual([]);
});

/** Has transactions made until the program is killed. @returns the last one that it said it had committed */
async function killed(mode: string, afterMs: number): Promise<number> {
  await using running = await visit.launch({ program, args: ["run", `killed-${mode}.db`, mode, "1000000"] });
  if (running.stdout === null || running.stderr === null) expect.fail("no output");
  let last = 0;
  const lines = createInterface({ input: running.stdout }).on("line", (line) => (last = Number(line)));
  let complaint = "";
  running.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  await Promise.race([once(lines, "line"), running.exited]);
  const ended = once(lines, "close");
  setTimeout(() => process.kill(running.pid, "SIGKILL"), afterMs);
  await running.exited;
  await ended;
  await visit.settled();
  expect(complaint).toBe("");
  return last;
}
