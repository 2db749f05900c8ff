/**
 * Signals that are handled while a hook waits: calls end with EINTR, or go on, as they do in the kernel. The same
 * calls by the same program, once with nobody between.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { defineHooks } from "../../src/index.ts";
import { driverProgram, hooked, natively } from "./driver.ts";

/** Calls that no handler restarts (signal(7)). */
const always: readonly string[] = (
  "pause rt_sigsuspend rt_sigtimedwait poll ppoll select pselect6 epoll_wait epoll_pwait nanosleep " +
  "clock_nanosleep semop semtimedop msgrcv futex accept_timeout recv_timeout connect_timeout"
).split(" ");
/** Calls that go on after a handler with SA_RESTART. */
const restarted: readonly string[] =
  "futex_forever read_pipe write_pipe read_inotify read_eventfd wait4 flock fcntl_lock accept recv connect".split(" ");
/** Calls that do not sleep. */
const unmoved: readonly string[] = ["epoll_look", "read_file", "recv_nonblocking"];
const names: readonly string[] = [...always, ...restarted, ...unmoved];

const EINTR = "errno 4";

beforeAll(async () => {
  await driverProgram();
}, 300_000);

const results = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    stdout
      .slice(stdout.indexOf(": ") + 2)
      .trim()
      .split(/\n\s*/)
      .map((line) => line.split("=") as [string, string]),
  );

describe.each(["restarting", "plain"])("with a %s handler", (handler) => {
  const operation = `interrupted ${handler} ${names.join(" ")}`;

  test("as without hooks", { timeout: 60_000 }, async () => {
    const waiting = new Set<number>();
    const hooks = defineHooks({
      getpgid: (call) => void waiting.add(call.tid), // its next call is the one
      any: (call) => (!call.is("getpgid") && waiting.delete(call.tid) ? call.delay({ milliseconds: 1000 }) : undefined),
    });
    const [native, { stdout, failures }] = await Promise.all([natively(operation), hooked(operation, hooks)]);
    expect(failures).toEqual([]);
    expect(results(stdout)).toEqual(results(native));
    const interrupted = handler === "plain" ? [...always, ...restarted] : always;
    for (const name of names)
      expect([name, results(native)[name] === EINTR]).toEqual([name, interrupted.includes(name)]);
  });
});
