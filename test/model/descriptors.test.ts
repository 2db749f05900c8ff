/**
 * Random sequences of calls in a real Go program: after each the model must say of every
 * descriptor what the kernel says (/proc/PID/fd, fdinfo, kcmp), in every process.
 *
 * `ELSEWHERE_MODEL_RUNS` says how many sequences, `ELSEWHERE_MODEL_SEED` which.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  array,
  type Arbitrary,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  tuple,
} from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { abis } from "../../src/linux/abi.ts";
import { hostMachine } from "../../src/machine/machines.ts";
import { goProgram } from "../engine/programs.ts";
import { runChecked } from "./checked.ts";

const runs = Number(process.env["ELSEWHERE_MODEL_RUNS"] ?? 8);
const seed = Number(process.env["ELSEWHERE_MODEL_SEED"] ?? 20_261_123);

const folder = mkdtempSync(join(tmpdir(), "elsewhere-model-"));
afterAll(() => rmSync(folder, { recursive: true }));
let driver: string;
beforeAll(async () => {
  driver = await goProgram(join(import.meta.dirname, "driver"));
});

const { calls } = abis[hostMachine()?.name ?? "amd64"];
const nr = (name: string): number => calls.number(name) ?? -1;

const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const CLONE_FS = 0x200;
const CLONE_FILES = 0x400;
const CLONE_PIDFD = 0x1000;
const CLONE_VFORK = 0x4000;
const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

/** A number that the driver may do anything with; 45 and more are hardly ever open. */
const number = integer({ min: 20, max: 47 });
const closeOnExec = constantFrom(0, O_CLOEXEC);
const bothFlags = constantFrom(0, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK);
const path = constantFrom("/dev/null", "/etc/passwd", "/etc", "/", "/nowhere", "/proc/self/fd/20");
const line = (...parts: readonly Arbitrary<string | number>[]): Arbitrary<string> =>
  tuple(...parts).map((words) => words.join(" "));
const call = (name: string, ...args: readonly Arbitrary<number>[]): Arbitrary<string> =>
  line(constant("call"), constant(nr(name)), ...args);
const is = constant;

/** Calls that a child without a runtime can make too. */
const raw: readonly Arbitrary<string>[] = [
  call("close", number),
  call("close", number),
  call("dup", number),
  call("dup2", number, number),
  call("dup3", number, number, closeOnExec),
  call("fcntl", number, constantFrom(0, 1030), number),
  call("fcntl", number, is(2), constantFrom(0, 1)),
  call("fcntl", number, is(4), constantFrom(0, O_NONBLOCK, 0o2000)),
  call("ioctl", number, constantFrom(0x5450, 0x5451)),
  call("close_range", number, number, is(0)),
  call("close_range", number, is(0xffffffff), constantFrom(0, CLOSE_RANGE_CLOEXEC, CLOSE_RANGE_UNSHARE, 6)),
  call(
    "socket",
    is(1),
    bothFlags.map((flags) => flags | 1),
    is(0),
  ),
  call("eventfd2", is(0), bothFlags),
  call("epoll_create1", closeOnExec),
  call("timerfd_create", is(1), bothFlags),
  call("inotify_init1", bothFlags),
];

const opening: readonly Arbitrary<string>[] = [
  line(is("path"), is(nr("openat")), is(1), path, is(AT_FDCWD), is(0), bothFlags),
  line(
    is("path"),
    is(nr("openat")),
    is(1),
    path,
    is(AT_FDCWD),
    is(0),
    bothFlags.map((flags) => flags | 0o12000000),
  ),
  line(is("path"), is(nr("open")), is(0), path, is(0), bothFlags),
  line(is("path"), is(nr("creat")), is(0), is("/dev/null"), is(0), is(0)),
  line(is("path"), is(nr("openat2")), is(1), path, is(AT_FDCWD), is(0), closeOnExec, constantFrom(0, 4, 8)),
  line(is("path"), is(nr("memfd_create")), is(0), is("name"), is(0), constantFrom(0, 1)),
  line(is("pair"), is(nr("pipe2")), is(0), is(0), bothFlags),
  line(is("pair"), is(nr("pipe")), is(0), is(0)),
  line(
    is("pair"),
    is(nr("socketpair")),
    is(3),
    is(1),
    bothFlags.map((flags) => flags | 2),
  ),
  is("connect"),
  call("accept4", is(17), is(0), is(0), bothFlags),
  call("accept", is(17), is(0), is(0)),
  line(is("send"), number, number, number),
  line(is("send"), number),
  line(is("receive"), constantFrom(64, 24, 20, 16), constantFrom(0, 0x40000000)),
  line(is("receive"), is(64), is(0)),
];

const block = (head: Arbitrary<string>, body: Arbitrary<string>): Arbitrary<readonly string[]> =>
  tuple(head, array(body, { minLength: 1, maxLength: 6 })).map(([first, rest]) => [`${first} ${rest.length}`, ...rest]);
const simple = oneof(...raw, ...opening, ...opening);
const one = simple.map((each) => [each]);
const several: readonly Arbitrary<readonly string[]>[] = [
  block(is("spawn"), simple),
  block(
    line(is("fork"), constantFrom(0, CLONE_PIDFD, CLONE_VFORK, CLONE_FILES, CLONE_FS | CLONE_PIDFD)),
    oneof(...raw),
  ),
  block(line(is("unshare"), constantFrom(CLONE_FILES, CLONE_FS, CLONE_FILES | CLONE_FS)), simple),
  is(["exec"]),
  line(is("threads"), integer({ min: 2, max: 6 }), integer({ min: 3, max: 12 })).map((each) => [each]),
];
const script = array(oneof({ weight: 12, arbitrary: one }, ...several), { minLength: 50, maxLength: 90 }).map(
  (blocks) => ["path 257 1 /dev/null -100 0 0", ...blocks.flat()],
);

let compared = 0;

test(`${runs} sequences of calls`, { timeout: 60_000 + runs * 5_000 }, async () => {
  await assert(
    asyncProperty(script, async (lines) => {
      const file = join(folder, "script");
      writeFileSync(file, lines.join("\n"));
      const outcome = await runChecked([driver, file, "0", String(lines.length)], { cwd: "/", identity: true });
      compared += outcome.compared;
      expect(outcome).toMatchObject({
        errors: [],
        unhooked: [],
        stderr: "",
        ending: { exitCode: 0 },
        surprises: { found: 0, vanished: 0 },
      });
    }),
    { numRuns: runs, seed, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(runs * 50);
});
