/** Files of a target behind a line that delays everything: many small ones, one large one, and those of here meanwhile. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectGarbageOfBuffersLessOften } from "../src/cli/garbage.ts";
import { joined } from "../src/wire/duplex.ts";
import { delayLine } from "../test/world/delay-line.ts";
import { Visit } from "../test/world/visit.ts";
import { figure, type Section } from "./report.ts";
import { run } from "./run.ts";
import { SshHost } from "./ssh-host.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import type { Tools } from "./tools.ts";

const FILES = 10_000;
const DIRECTORIES = 100;
const FILE_SIZE = 1000;
const DELAYS_MS = [0, 5, 20];
const LARGE = 1024 ** 3;
const LOCAL_READS = 200_000;

/** What the walker says. Nanoseconds. */
interface Walked {
  readonly files: number;
  readonly bytes: number;
  readonly elapsed: number;
  readonly p50: number;
  readonly p99: number;
}

const elsewhere = "**elsewhere**";

export async function benchDistance({ walker }: Tools, rounds: number): Promise<Section> {
  collectGarbageOfBuffersLessOften(); // as the command line, whose place this process takes
  const variants = [...DELAYS_MS.flatMap((delayMs) => small(walker, delayMs)), ...large(walker), ...local(walker)];
  const results = await interleave(rounds, variants);
  const of = (name: string, of: (walked: Walked) => number): number => medianOf(results.get(name), of);
  const seconds = (name: string): number => of(name, ({ elapsed }) => elapsed / 1e9);
  const rate = (name: string): number => of(name, ({ elapsed }) => LARGE / 1e6 / (elapsed / 1e9));
  return {
    title: "Files far away",
    about:
      `${FILES} files of ${FILE_SIZE} bytes in ${DIRECTORIES} directories, walked, examined and read by one goroutine, with a round ` +
      `trip of 0, 5 and 20 ms (seconds); 1 GiB read and written from start to end (MB/s); one byte of a local file read ` +
      `while eight goroutines wait for the target (nanoseconds, p50). Medians of ${rounds} rounds.`,
    columns: ["", elsewhere, "beside it", "×"],
    rows: [
      ...DELAYS_MS.map((delayMs) =>
        row(`small files, ${delayMs} ms`, seconds(smallName(delayMs)), seconds(sshfsName(delayMs)), "sshfs"),
      ),
      row("read 1 GiB", rate("read"), rate("read by ssh"), "`ssh cat`"),
      row("write 1 GiB", rate("write"), rate("write by ssh"), "`ssh cat`"),
      row(
        "a local read",
        of("local", ({ p50 }) => p50),
        of("local natively", ({ p50 }) => p50),
        "native",
      ),
    ],
    targets: [
      {
        what: "small files at 20 ms, sshfs against elsewhere",
        wanted: 5,
        least: true,
        measured: seconds(sshfsName(20)) / seconds(smallName(20)),
        unit: "×",
      },
      ...(["read", "write"] as const).map((what) => ({
        what: `1 GiB ${what}, against ssh`,
        wanted: 1,
        least: true,
        measured: rate(what) / rate(`${what} by ssh`),
        unit: "×",
      })),
      {
        what: "a local read while the target is waited for, against native",
        wanted: 1.02,
        measured: of("local", ({ p50 }) => p50) / of("local natively", ({ p50 }) => p50),
        unit: "×",
      },
    ],
  };
}

const row = (what: string, ours: number, theirs: number, peer: string): string[] => [
  what,
  figure(ours),
  `${figure(theirs)} (${peer})`,
  figure(theirs / ours),
];

const smallName = (delayMs: number): string => `small, ${delayMs}`;
const sshfsName = (delayMs: number): string => `small by sshfs, ${delayMs}`;

function small(walker: string, roundTripMs: number): Variant<Walked>[] {
  return [
    {
      name: smallName(roundTripMs),
      measure: () => inTarget({ roundTripMs, prepare: writeSmall }, walker, ["tree", "/srv/small"]),
    },
    {
      name: sshfsName(roundTripMs),
      async measure() {
        await using mounted = await Mounted.make(roundTripMs);
        writeSmall(mounted.source); // not through the mount
        return await walk([walker, "tree", join(mounted.at, "small")]);
      },
    },
  ];
}

function large(walker: string): Variant<Walked>[] {
  const ssh = async (remote: (path: string) => string, local: string): Promise<Walked> => {
    using host = new SshHost();
    const path = join(host.folder, "large");
    if (local === "") writeLarge(host.folder);
    const startMs = performance.now();
    await run(["sh", "-c", `${local} ${host.command} ${remote(path)} > /dev/null`]);
    return { files: 1, bytes: LARGE, elapsed: (performance.now() - startMs) * 1e6, p50: 0, p99: 0 };
  };
  return [
    { name: "read", measure: () => inTarget({ prepare: writeLarge }, walker, ["read", "/srv/large"]) },
    { name: "read by ssh", measure: () => ssh((path) => `cat ${path}`, "") },
    { name: "write", measure: () => inTarget({}, walker, ["write", "/srv/large", String(LARGE)]) },
    { name: "write by ssh", measure: () => ssh((path) => `'cat > ${path}'`, `head -c ${LARGE} /dev/zero |`) },
  ];
}

function local(walker: string): Variant<Walked>[] {
  const path = join(tmpdir(), "elsewhere-bench-local");
  const args = (slow: string): string[] => ["local", path, slow, String(LOCAL_READS)];
  return [
    {
      name: "local",
      measure() {
        writeFileSync(path, "x");
        return inTarget({ roundTripMs: 20 }, walker, args("/srv"));
      },
    },
    {
      name: "local natively",
      measure() {
        writeFileSync(path, "x");
        return walk([walker, ...args("/nowhere")]);
      },
    },
  ];
}

async function inTarget(
  { roundTripMs = 0, prepare }: { readonly roundTripMs?: number; readonly prepare?: (root: string) => void },
  walker: string,
  args: readonly string[],
): Promise<Walked> {
  await using visit = await Visit.start({ roundTripMs });
  prepare?.(visit.path("/srv"));
  const { stdout, stderr, exitCode } = await visit.run({ program: walker, args });
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Walked;
}

const walk = async (command: readonly string[]): Promise<Walked> => JSON.parse((await run(command)).stdout) as Walked;

function writeSmall(root: string): void {
  for (let at = 0; at < DIRECTORIES; at++) {
    const folder = join(root, "small", String(at));
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < FILES / DIRECTORIES; file++)
      writeFileSync(join(folder, `${file}`), "x".repeat(FILE_SIZE));
  }
}

const writeLarge = (root: string): void =>
  void execFileSync("sh", ["-c", `head -c ${LARGE} /dev/zero > ${join(root, "large")}`]);

/** A folder seen through sshfs, which talks over a delay line to OpenSSH's server of files. */
class Mounted implements AsyncDisposable {
  readonly source: string = mkdtempSync(join(tmpdir(), "elsewhere-bench-source-"));
  readonly at: string = mkdtempSync(join(tmpdir(), "elsewhere-bench-mount-"));
  readonly #server: ChildProcess = spawn("/usr/lib/openssh/sftp-server", [], { stdio: ["pipe", "pipe", "inherit"] });
  readonly #sshfs: ChildProcess;

  private constructor(roundTripMs: number) {
    this.#sshfs = spawn("sshfs", [`:${this.source}`, this.at, "-f", "-o", "passive"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { stdin, stdout } = this.#server;
    if (stdin === null || stdout === null) throw new Error("the server of files has no pipes");
    const line = delayLine(joined(stdout, stdin), roundTripMs);
    if (this.#sshfs.stdin === null) throw new Error("sshfs has no pipes");
    this.#sshfs.stdin.on("error", () => undefined); // it has been unmounted, and what it had asked is answered
    line.pipe(this.#sshfs.stdin);
    this.#sshfs.stdout?.pipe(line);
  }

  static async make(roundTripMs: number): Promise<Mounted> {
    const mounted = new Mounted(roundTripMs);
    // Whoever looks into it instead waits for this process, which carries its bytes.
    const isThere = (): boolean => readFileSync("/proc/self/mounts", "utf8").includes(` ${mounted.at} fuse`);
    while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
    return mounted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#sshfs, "close");
    await run(["fusermount3", "-u", this.at]);
    await ended;
    this.#server.kill();
    for (const folder of [this.source, this.at]) rmSync(folder, { recursive: true });
  }
}
