/** What exists in a target only, and programs that run there, or here as if. */
import { copyFileSync, mkdirSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { FilePolicy, type FileMode } from "../../src/config/policy.ts";
import { compilePattern, literalPattern } from "../../src/config/pattern.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "../../src/target/embedded.ts";
import { World } from "../../src/world/world.ts";

/** Bytes: larger than what is brought over in one piece. */
const BIG = 3_200_000;

/** A zone that is like no other: 3:07:30 east: header, one type, its name (tzfile(5), version 1). */
const ZONE = Buffer.from(
  `${"545a6966" + "00".repeat(16)}${"00000000".repeat(4)}000000010000000400002bf2000046415200`,
  "hex",
);

/** Everything that the program `resident` reads, below /srv, and who and where its machine is. */
export const home: EmbeddedOptions = {
  hostname: "faraway",
  env: { PATH: "/bin", APP_NAME: "resident", APP_MODE: "far" },
  workdir: "/srv",
  files: {
    "/srv/config/app.conf": "port = 80\nname = far\n",
    "/srv/templates/page.txt": "Hello, {{.Name}}!\n",
    "/srv/data/.keep": "",
    "/srv/big": Buffer.from(
      Array.from({ length: BIG / 8 }, (_, line) => `${String(line).padStart(7, "0")}\n`).join(""),
    ),
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv:/bin/app\n",
    "/etc/group": "root:x:0:\napp:x:1000:\n",
    "/etc/hostname": "faraway\n",
    "/etc/hosts": "10.0.0.9 db\n",
    "/etc/resolv.conf": "nameserver 10.0.0.1\n",
    "/etc/localtime": ZONE,
    "/run/secrets/token": "hush\n",
  },
};

/** A sandbox with {@link home}, and another where it is given. */
export async function startHome(options: EmbeddedOptions = home): Promise<Embedded> {
  const sandbox = await startEmbedded(options, { progress: () => undefined });
  const when = new Date("2021-05-05T05:05:05Z");
  for (const path of Object.keys(options.files ?? {})) utimesSync(join(sandbox.root, path), when, when);
  return sandbox;
}

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface Command {
  /** A path of this machine; the program is copied into the sandbox where it is to run there. */
  readonly program: string;
  readonly args: readonly string[];
}

/** Runs a static program in the sandbox itself. */
export async function inside(sandbox: Embedded, { program, args }: Command): Promise<Finished> {
  mkdirSync(join(sandbox.root, "bin"), { recursive: true });
  copyFileSync(program, join(sandbox.root, "bin", basename(program)));
  const child = sandbox.run(`/bin/${basename(program)}`, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, exitCode] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { stdout, stderr, exitCode };
}

/** Runs it here as if it were in the sandbox: with its files below /srv and its /etc, its names, environment and directory. */
export async function asIf(sandbox: Embedded, { program, args }: Command): Promise<Finished & { failures: unknown[] }> {
  using session = await Session.open({ connect: () => Promise.resolve(sandbox.connection), release: "elsewhere test" });
  const failures: unknown[] = [];
  const world = new World({
    files: session.files,
    policy: policyOf({ "/srv/**": "remote", "/srv": "remote", "/etc/**": "remote-read" }),
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

export const textOf = async (stream: Readable | null): Promise<string> => (stream === null ? "" : text(stream));

/** The first pattern that matches decides; all other paths are local. */
export const policyOf = (modes: Readonly<Record<string, FileMode>>): FilePolicy =>
  new FilePolicy([
    ...Object.entries(modes).map(([pattern, mode]) => ({
      pattern,
      mode,
      origin,
      compiled: compilePattern(pattern, { homes: [], folder: "/" }),
    })),
    { pattern: "/", mode: "local", origin, compiled: literalPattern("/") },
  ]);

const origin = { by: "default" } as const;
