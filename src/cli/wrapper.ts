/**
 * Many Go programs come from npm behind a script: `node_modules/.bin/esbuild` is JavaScript
 * that starts the program for this machine, which stands in an optional package of its
 * own (`@esbuild/linux-x64`). Finds that program, to tell whoever named the script.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ElsewhereError } from "../errors.ts";
import { hostMachine } from "../machine/machines.ts";
import { findProgram } from "../process/program.ts";

interface PackageFile {
  readonly name?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package for this platform says so in its name: "linux-arm64", or as older ones have it "linux-64". */
const platforms: readonly string[] = [`${process.platform}-${process.arch}`, `${process.platform}-64`];

/** Where e_machine stands in an ELF header. */
const E_MACHINE = 18;
/** Folders below a package in which a program is looked for. */
const DEPTH = 3;

/** Runs `work`; when it refuses the program `name` for being a script, the error tells what to name instead. */
export async function withProgramBehindScript<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ElsewhereError) || error.code !== "script") throw error;
    const programs = nativeProgramsBehind(realpathSync(findProgram(name, process.env, process.cwd())));
    if (programs.length === 0) throw error;
    const { code, message, context, exitCode } = error;
    throw new ElsewhereError({
      code,
      message,
      context,
      exitCode,
      hint: `it starts ${programs.join(" or ")}: name that`,
      cause: error,
    });
  }
}

/**
 * @param script real path of a script
 * @returns paths of the native programs that belong to the script's package
 */
function nativeProgramsBehind(script: string): readonly string[] {
  const folder = packageFolder(dirname(script));
  if (folder === undefined) return [];
  const { optionalDependencies = {} } = readPackage(folder);
  return Object.keys(optionalDependencies)
    .filter((name) => platforms.some((platform) => name.endsWith(platform)))
    .flatMap((name) => installed(name, folder) ?? [])
    .flatMap((path) => programsIn(path, DEPTH));
}

function packageFolder(folder: string): string | undefined {
  if (existsSync(join(folder, "package.json"))) return folder;
  return folder === "/" ? undefined : packageFolder(dirname(folder));
}

function readPackage(folder: string): PackageFile {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageFile;
  } catch {
    return {};
  }
}

/** Where Node.js would find package `name` from `folder`. */
function installed(name: string, folder: string): string | undefined {
  const candidate = join(folder, "node_modules", name);
  if (existsSync(candidate)) return candidate;
  return folder === "/" ? undefined : installed(name, dirname(folder));
}

function programsIn(folder: string, depth: number): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && entry.name !== "node_modules" ? programsIn(path, depth - 1) : [];
    return entry.isFile() && isNativeProgram(path) ? [path] : [];
  });
}

function isNativeProgram(path: string): boolean {
  if ((statSync(path).mode & 0o111) === 0) return false;
  try {
    accessSync(path, constants.R_OK);
  } catch {
    return false;
  }
  const descriptor = openSync(path, "r");
  try {
    const start = Buffer.alloc(20);
    if (readSync(descriptor, start, 0, start.length, 0) < start.length) return false;
    return start.toString("latin1", 0, 4) === "\x7fELF" && start.readUInt16LE(E_MACHINE) === hostMachine()?.elfMachine;
  } finally {
    closeSync(descriptor);
  }
}
