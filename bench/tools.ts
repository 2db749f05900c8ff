/**
 * The programs that are measured, built on the spot and kept in node_modules/.cache: a Go program that calls, C
 * programs that answer and wake, and peers that have to be fetched.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { npmPackage } from "../test/programs/packages.ts";
import { tscProgram } from "../test/programs/tsc.ts";
import { run } from "./run.ts";

const here = import.meta.dirname;
export const repository: string = join(here, "..");
export const folder: string = join(repository, "node_modules/.cache/elsewhere-bench");

const FRIDA_VERSION = "17.26.2";
const ESBUILD_VERSION = "0.28.2";

export interface Tools {
  /** Calls getpgid; static, as Go programs are. */
  readonly roundtrip: string;
  /** The same with the C library, for Frida. */
  readonly roundtripDynamic: string;
  /** Walks, reads and writes files. */
  readonly walker: string;
  /** Makes connections, and serves them. */
  readonly traffic: string;
  readonly seccompNotify: string;
  readonly pipeWake: string;
  readonly tsc: string;
  readonly esbuild: string;
  /** A Python with Frida in it, or why there is none. */
  readonly frida: { readonly python: string } | { readonly missing: string };
}

export async function prepare(): Promise<Tools> {
  mkdirSync(folder, { recursive: true });
  const roundtrip = join(folder, "roundtrip");
  const roundtripDynamic = join(folder, "roundtrip-dynamic");
  await run([join(repository, "script/build"), "--despite-types"]);
  for (const [program, cgo] of [
    [roundtrip, "0"],
    [roundtripDynamic, "1"],
  ] as const)
    await run(["go", "build", "-o", program, "."], {
      cwd: join(here, "roundtrip"),
      env: { ...process.env, CGO_ENABLED: cgo },
    });
  const walker = await buildStatic("walker");
  const traffic = await buildStatic("traffic");
  return {
    roundtrip,
    roundtripDynamic,
    walker,
    traffic,
    seccompNotify: await compile("seccomp-notify"),
    pipeWake: await compile("pipe-wake"),
    tsc: tscProgram(),
    esbuild: join(await npmPackage(`@esbuild/linux-${process.arch}@${ESBUILD_VERSION}`), "bin/esbuild"),
    frida: await installFrida(),
  };
}

async function buildStatic(name: string): Promise<string> {
  const program = join(folder, name);
  const env = { ...process.env, CGO_ENABLED: "0" };
  await run(["go", "build", "-o", program, "."], { cwd: join(here, name), env });
  return program;
}

async function compile(name: string): Promise<string> {
  const program = join(folder, name);
  await run(["gcc", "-O2", "-Wall", "-o", program, join(here, `${name}.c`)]);
  return program;
}

async function installFrida(): Promise<Tools["frida"]> {
  const environment = join(folder, `frida-${FRIDA_VERSION}`);
  const python = join(environment, "bin/python");
  try {
    if (!existsSync(python)) await run(["python3", "-m", "venv", environment]);
    await run([python, "-m", "pip", "install", "--quiet", `frida==${FRIDA_VERSION}`]);
    await run([python, "-c", "import frida"]);
    return { python };
  } catch (error) {
    return { missing: error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error) };
  }
}

/** The command line that a user has: `elsewhere ARGS…`, from dist/. */
export const elsewhere = (...args: readonly string[]): string[] => [
  process.execPath,
  join(repository, "dist/cli/main.js"),
  ...args,
];
/** A supervisor that answers getpgid. */
export const answering = (...command: readonly string[]): string[] => [
  process.execPath,
  join(here, "answer.ts"),
  "--",
  ...command,
];
/** A supervisor that asks for nothing. */
export const hooked = (...command: readonly string[]): string[] => [
  process.execPath,
  join(here, "answer.ts"),
  "--nobody",
  "--",
  ...command,
];
