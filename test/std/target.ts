/**
 * Go's own tests with their files far away: the package's source folder, which is their working directory, and their
 * temporary directory are in a sandbox. The same test binary runs inside the sandbox, and here as if it were there.
 *
 *   node test/std/target.ts [--go 1.27.4] [--packages os,io/fs]
 *
 * Exit code 0 when every difference is explained in this file.
 */
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
import { policyOf } from "../world/homes.ts";
import { testBinary, testFlags, testToolchain } from "./packages.ts";
import { compareVerdicts, type Difference, parseVerdicts, passes } from "./verdicts.ts";

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

/** Why a test may differ, by package and name. */
const reasons: readonly (readonly [name: string, test: RegExp, reason: string])[] = [];

export interface TargetResult {
  readonly name: string;
  readonly insidePasses: number;
  readonly asIfPasses: number;
  readonly differences: readonly (Difference & { readonly reason: string | undefined })[];
  readonly failures: readonly unknown[];
  readonly stderr: string;
}

/** @param version of Go */
export async function judgeInTarget(name: string, version: string): Promise<TargetResult> {
  const go = await testToolchain(version);
  const binary = await testBinary(go, name);
  if ("reason" in binary) throw new Error(binary.reason);
  const program = realpathSync(binary.program);
  const inside = await place(program, go.root, name);
  const asIf = await place(program, go.root, name);
  try {
    const flags = testFlags(go);
    const child = inside.run(`/bin/${basename(program)}`, flags, { stdio: ["ignore", "pipe", "pipe"] });
    const [there] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    const here = await runAsIf(asIf, program, flags);
    const differences = compareVerdicts(parseVerdicts(there), parseVerdicts(here.stdout)).map((difference) => ({
      ...difference,
      reason: reasons.find(([known, test]) => known === name && test.test(difference.test))?.[2],
    }));
    return {
      name,
      insidePasses: passes(parseVerdicts(there)),
      asIfPasses: passes(parseVerdicts(here.stdout)),
      differences,
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
): Promise<{ readonly stdout: string; readonly stderr: string; readonly failures: readonly unknown[] }> {
  using session = await Session.open({ connect: () => Promise.resolve(sandbox.connection), release: "elsewhere test" });
  const failures: unknown[] = [];
  const world = new World({
    files: session.files,
    policy: policyOf({
      "/proc/**": "local",
      "/sys/**": "local",
      "/dev/**": "local",
      [`${dirname(program)}/**`]: "local",
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
  const [stdout, stderr] = await Promise.all([textOf(running.stdout), textOf(running.stderr), running.exited]);
  await world.flush();
  return { stdout, stderr, failures };
}

const textOf = async (stream: Readable | null): Promise<string> => (stream === null ? "" : text(stream));

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      go: { type: "string", default: releases.at(-1)?.version ?? "" },
      packages: { type: "string", default: packagesOfFiles.join(",") },
      verbose: { type: "boolean", default: false },
    },
  });
  console.log("| package | passes inside | passes as if |\n|---|---|---|");
  for (const name of values.packages.split(",")) {
    const { insidePasses, asIfPasses, differences, failures, stderr } = await judgeInTarget(name, values.go);
    console.log(`| ${name} | ${insidePasses} | ${asIfPasses} |`);
    for (const { test, native, hooked, reason } of differences)
      console.log(`    ${test}: ${native} → ${hooked} (${reason ?? "NOT EXPLAINED"})`);
    if (failures.length > 0) console.log(failures);
    if (values.verbose) console.log(stderr);
    if (differences.some(({ reason }) => reason === undefined)) process.exitCode = 1;
  }
}
