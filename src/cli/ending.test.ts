import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { ElsewhereError } from "../errors.ts";
import { finish } from "./ending.ts";
import { reportError } from "./report.ts";

let stderr: MockInstance<typeof console.error>;
beforeEach(() => {
  vi.stubEnv("NO_COLOR", "1");
  stderr = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
const told = (): string => stderr.mock.calls.flat().join("\n");

const exited = { exitCode: 3, signal: null };
const fail = (error: Error) => (): void => {
  throw error;
};
const full = new ElsewhereError({ code: "output-unusable", message: "cannot write the trace to /dev/full" });

describe("what is left to do when the program has ended", () => {
  test("is done, and nothing is said", async () => {
    const done: number[] = [];
    expect(await finish(exited, [() => void done.push(1), () => void done.push(2)])).toBeUndefined();
    expect(done).toEqual([1, 2]);
    expect(told()).toBe("");
  });

  test("is done although something before it failed; that is told, and how the program ended", async () => {
    const done: number[] = [];
    const code = await finish(exited, [
      fail(new RangeError("at 7")),
      () => void done.push(1),
      fail(full),
      () => void done.push(2),
    ]);
    expect(code).toBe(125);
    expect(done).toEqual([1, 2]);
    expect(told()).toMatch(/a bug of elsewhere: RangeError: at 7\n/);
    expect(told()).toMatch(/cannot write the trace to \/dev\/full\n {2}the program itself had ended with exit code 3$/);
  });

  test("a signal has a name", async () => {
    await finish({ exitCode: null, signal: "SIGTERM" }, [fail(full)]);
    expect(told()).toMatch(/had ended with signal SIGTERM$/);
  });
});

test("of two failures, the second while the first was cleared up, both are told", () => {
  const both = Object.assign(new Error("An error was suppressed during disposal"), {
    error: new RangeError("later"),
    suppressed: full,
  });
  expect(reportError(both)).toBe(125);
  expect(told()).toMatch(/cannot write the trace[\s\S]*RangeError: later/);
  expect(told()).not.toContain("suppressed during");
});
