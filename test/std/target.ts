/**
 * Go's own tests with their files far away: the package's source folder, which is their working directory, and their
 * temporary directory are in a sandbox. The same test binary runs inside the sandbox, and here as if it were there.
 *
 *   node test/std/target.ts [--go 1.27.4] [--packages os,io/fs] [--round-trip 20] [--run PATTERN] [--markdown FILE]
 *
 * `--round-trip` is in milliseconds, between here and the agent; `--markdown` replaces the section of this release and
 * round trip in FILE. Exit code 0 when every difference is explained in this file.
 */
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { type Embedded, startEmbedded } from "../../src/target/embedded.ts";
import { World } from "../../src/world/world.ts";
import { releases } from "../matrix/releases.ts";
import { delayLine } from "../world/delay-line.ts";
import { type Finished, policyOf } from "../world/homes.ts";
import { isGood, type PackageResult } from "./judge.ts";
import { testBinary, testFlags, testToolchain } from "./packages.ts";
import { markdownSection, replaceSection } from "./table.ts";
import { compareVerdicts, parseVerdicts, passes } from "./verdicts.ts";

/** Those that are about files, their names and their users. */
export const packagesOfFiles: readonly string[] = [
  "os",
  "io/fs",
  "path/filepath",
  "os/user",
  "io/ioutil",
  "archive/zip",
  "compress/gzip",
  "text/template",
  "html/template",
];

const unixSocket = "it listens on a Unix socket by a path of the target: EOPNOTSUPP (docs/special-files.md)";
const longPath =
  "a working directory with a path longer than PATH_MAX: relative paths are ENAMETOOLONG there (docs/files.md)";

/** Why a test may differ, by package and name. */
const reasons: readonly (readonly [name: string, test: RegExp, reason: string])[] = [
  ["os", /^TestGetPollFDAndNetwork(\/unix)?$/, unixSocket],
  ["os", /^TestSendFile(\/sendfile-to-unix(\/\d+)?)?$/, unixSocket],
  ["os", /^TestSpliceFile(\/(Basic-Unix|Limited|Limited\/\w+-Unix)(\/\d+)?)?$/, unixSocket],
  ["os", /^TestRootConsistency.*\/unix_domain_socket_/, unixSocket],
  ["os", /^TestGetwdDeep(WithPWDSet)?$|^TestRemoveAllLongPath$/, longPath],
];

/** With a far agent some take their time; the last flag counts. */
const LONG = "-test.timeout=7200s";

export interface TargetResult extends PackageResult {
  readonly failures: readonly unknown[];
  readonly stderr: string;
}

/** @param version of Go @param roundTripMs between here and the agent @param only tests that match, as -test.run has it */
export async function judgeInTarget(
  name: string,
  version: string,
  { roundTripMs = 0, only }: { readonly roundTripMs?: number; readonly only?: string } = {},
): Promise<TargetResult> {
  const go = await testToolchain(version);
  const binary = await testBinary(go, name);
  if ("reason" in binary) throw new Error(binary.reason);
  const program = realpathSync(binary.program);
  const inside = await place(program, go.root, name);
  const asIf = await place(program, go.root, name);
  try {
    const flags = [...testFlags(go), ...(only === undefined ? [] : [`-test.run=${only}`]), LONG];
    const beganMs = performance.now();
    const child = inside.run(`/bin/${basename(program)}`, flags, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close") as Promise<[number | null]>;
    const [there, , [thereCode]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
    const betweenMs = performance.now();
    const here = await runAsIf(asIf, program, flags, roundTripMs);
    const endedMs = performance.now();
    const differences = compareVerdicts(parseVerdicts(there), parseVerdicts(here.stdout)).map((difference) => ({
      ...difference,
      explanation: reasons.find(([known, test]) => known === name && test.test(difference.test))?.[2],
    }));
    return {
      name,
      nativePasses: passes(parseVerdicts(there)),
      hookedPasses: passes(parseVerdicts(here.stdout)),
      endings: { native: `exit ${thereCode}`, hooked: `exit ${here.exitCode}` },
      differences,
      seconds: { native: (betweenMs - beganMs) / 1000, hooked: (endedMs - betweenMs) / 1000 },
      failures: here.failures,
      stderr: here.stdout.slice(-3000) + here.stderr,
    };
  } finally {
    await inside[Symbol.asyncDispose]();
    await asIf[Symbol.asyncDispose]();
  }
}

/** A sandbox with a package's folder, what stands beside it, and the test binary. */
async function place(program: string, root: string, name: string): Promise<Embedded> {
  const folder = `/go/src/${name}`;
  const sandbox = await startEmbedded(
    {
      hostname: "faraway",
      env: { PATH: "/bin", TMPDIR: "/var/tmp", HOME: "/root", PWD: folder },
      workdir: folder,
      files: {
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "/etc/group": "root:x:0:\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
      },
    },
    { progress: () => undefined },
  );
  for (const made of ["var/tmp", "root", "bin"]) mkdirSync(join(sandbox.root, made), { recursive: true });
  cpSync(join(root, "src", name), join(sandbox.root, folder), { recursive: true, verbatimSymlinks: true });
  copyFileSync(program, join(sandbox.root, "bin", basename(program)));
  return sandbox;
}

async function runAsIf(
  sandbox: Embedded,
  program: string,
  args: readonly string[],
  roundTripMs: number,
): Promise<Finished & { readonly failures: readonly unknown[] }> {
  const connection = roundTripMs === 0 ? sandbox.connection : delayLine(sandbox.connection, roundTripMs);
  using session = await Session.open({ connect: () => Promise.resolve(connection), release: "elsewhere test" });
  const failures: unknown[] = [];
  const world = new World({
    files: session.files,
    policy: policyOf({
      "/proc/**": "local",
      "/sys/**": "local",
      "/dev/**": "local",
      [dirname(dirname(program))]: "local",
      "/**": "remote",
      "/": "remote",
    }),
    machine: session.target.identity,
  });
  const variables = session.target.environment.map((entry) => Buffer.from(entry).toString());
  await using running = await launch(program, {
    args,
    stdio: ["ignore", "pipe", "pipe"],
    env: Object.fromEntries(
      variables.map((entry) => /^([^=]*)=(.*)$/s.exec(entry)?.slice(1) ?? []),
    ) as NodeJS.ProcessEnv,
    cwd: world.startingDirectory(Buffer.from(session.target.workingDirectory).toString()) ?? "/",
    hooks: world.hooks,
    onHookError: (failure) => failures.push(failure),
  });
  const [stdout, stderr, { exitCode }] = await Promise.all([
    textOf(running.stdout),
    textOf(running.stderr),
    running.exited,
  ]);
  await world.flush();
  return { stdout, stderr, exitCode, failures };
}

const textOf = async (stream: Readable | null): Promise<string> => (stream === null ? "" : text(stream));

const head =
  "# Go's own tests, their files in a target\n\n" +
  "<!-- Written by `node test/std/target.ts --round-trip MS --markdown docs/go-target-tests.md`. -->\n\n" +
  "The test binaries of the packages that are about files, names and users (`go test -c`, `-test.short`, static), with the\n" +
  "package's folder, which is their working directory, and their temporary directory in a sandbox. *Native*: inside the\n" +
  "sandbox; *hooked*: here, as if in another one like it. Verdicts are compared test by test.\n";

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      go: { type: "string", default: releases.at(-1)?.version ?? "" },
      packages: { type: "string", default: packagesOfFiles.join(",") },
      "round-trip": { type: "string", default: "0" },
      run: { type: "string" },
      markdown: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  const results: TargetResult[] = [];
  for (const name of values.packages.split(",")) {
    const options = {
      roundTripMs: Number(values["round-trip"]),
      ...(values.run !== undefined && { only: values.run }),
    };
    const result = await judgeInTarget(name, values.go, options);
    results.push(result);
    const { nativePasses, hookedPasses, differences, seconds, failures, stderr } = result;
    console.error(`${name}: ${nativePasses} → ${hookedPasses} passes, ${seconds.hooked.toFixed(1)} s`);
    for (const { test, native, hooked, explanation } of differences)
      console.error(`    ${test}: ${native} → ${hooked} (${explanation ?? "NOT EXPLAINED"})`);
    if (failures.length > 0) console.error(failures);
    if (values.verbose) console.error(stderr);
  }
  const title = `Go ${values.go}, round trip of ${values["round-trip"]} ms`;
  const section = markdownSection(title, results, new Date());
  console.log(section);
  if (values.markdown !== undefined) replaceSection(values.markdown, { head, title, section });
  if (!results.every((result) => isGood(result) && result.failures.length === 0)) process.exitCode = 1;
}
