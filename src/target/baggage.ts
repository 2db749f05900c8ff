/**
 * What is taken along to where nothing of ours is: this package with the packages it needs, and this Node.js with its
 * libraries and their loader, so that it runs where there is another libc, or none.
 *
 *     package/             package.json, and src or dist
 *     package/node_modules
 *     node, lib/           only where Node.js is taken along
 *
 * All of it is put together from links to what is here and leaves as one tar stream that follows them.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { mainFile, packageDirectory } from "./agent-program.ts";
import { tool } from "./tools.ts";

const execute = promisify(execFile);

/** Of packages, what no run needs. */
const left = ["*.d.ts", "*.d.cts", "*.d.mts", "*.map", "*.md", "*.test.ts", "doc", "docs"];

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Everything that is taken along, put together in a directory of its own until it is disposed. */
export class Baggage implements Disposable {
  /** The directory. Its files are links. */
  readonly directory: string;
  /** Where the copy of this Node.js and the command line are in it, to be started. */
  readonly command: readonly string[];

  private constructor(directory: string, command: readonly string[]) {
    this.directory = directory;
    this.command = command;
  }

  /**
   * @param place where it will be unpacked: an absolute path, or text that a shell makes one of
   * @param withNode whether Node.js goes along; otherwise the command is "node"
   */
  static async pack(place: string, withNode: boolean): Promise<Baggage> {
    const directory = mkdtempSync(join(tmpdir(), "elsewhere-baggage-"));
    try {
      packPackage(join(directory, "package"));
      const node = withNode ? await packNode(directory, place) : ["node"];
      return new Baggage(directory, [...node, `${place}/package/${mainFile}`]);
    } catch (error) {
      rmSync(directory, { recursive: true });
      throw error;
    }
  }

  /** Starts tar(1), which writes an archive of it to standard output. */
  tar(...options: readonly string[]): ChildProcess {
    const leave = left.map((pattern) => `--exclude=${pattern}`);
    const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mode=u+rwX,go+rX"];
    const args = ["--create", "--dereference", ...owner, ...leave, ...options, "--directory", this.directory, "."];
    return spawn(tool("tar"), args, { stdio: ["ignore", "pipe", "pipe"] });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Tells one baggage from another: what they do is the same where this is. Hexadecimal. */
export function baggageId(): string {
  const hash = createHash("sha256");
  const root = packageDirectory();
  for (const file of globSync(`${dirname(dirname(mainFile))}/**/*.{js,ts}`, { cwd: root }).sort())
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  for (const [name, { directory }] of packagesOf(root)) hash.update(`${name} ${manifestOf(directory).version}\0`);
  const { size, mtimeMs } = statSync(process.execPath);
  return hash.update(`${process.version} ${size} ${mtimeMs}`).digest("hex").slice(0, 16);
}

function packPackage(to: string): void {
  const root = packageDirectory();
  mkdirSync(join(to, "node_modules"), { recursive: true });
  for (const name of ["package.json", dirname(dirname(mainFile))]) symlinkSync(join(root, name), join(to, name));
  for (const [name, { directory }] of packagesOf(root)) {
    mkdirSync(dirname(join(to, "node_modules", name)), { recursive: true });
    symlinkSync(directory, join(to, "node_modules", name));
  }
}

interface FoundPackage {
  readonly directory: string;
}

/** The packages that one needs to run, and those that they need, by name. */
function packagesOf(directory: string, found: Map<string, FoundPackage> = new Map()): Map<string, FoundPackage> {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(directory);
  for (const name of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) {
    const there = findPackage(name, directory);
    if (there === undefined || found.has(name)) continue; // another processor's part of koffi is nowhere
    found.set(name, { directory: there });
    packagesOf(there, found);
  }
  return found;
}

/** As Node.js looks for it. */
function findPackage(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const there = join(directory, "node_modules", name);
    if (existsSync(join(there, "package.json"))) return realpathSync(there);
    if (directory === dirname(directory)) return undefined;
  }
}

const manifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;

/** @returns the command that starts it, by its loader */
async function packNode(directory: string, place: string): Promise<string[]> {
  const node = realpathSync(process.execPath);
  symlinkSync(node, join(directory, "node"));
  mkdirSync(join(directory, "lib"));
  const { loader, libraries } = await librariesOf(node);
  for (const library of libraries) symlinkSync(realpathSync(library), join(directory, "lib", basename(library)));
  if (loader === undefined) return [`${place}/node`];
  return [`${place}/lib/${basename(loader)}`, "--library-path", `${place}/lib`, `${place}/node`];
}

interface Libraries {
  /** Undefined for a program that is linked statically. */
  readonly loader: string | undefined;
  readonly libraries: readonly string[];
}

/** What ldd(1) says: "libm.so.6 => /lib/libm.so.6 (0x7f…)", and the loader without an arrow. */
async function librariesOf(program: string): Promise<Libraries> {
  const said = await execute(tool("ldd"), [program]).then(
    ({ stdout }) => stdout,
    () => "", // "not a dynamic executable"
  );
  const loader = /^\s*(\/\S+) \(0x/m.exec(said)?.[1];
  const linked = [...said.matchAll(/=> (\/\S+) \(0x/g)].map(([, path = ""]) => path);
  return { loader, libraries: [...new Set(loader === undefined ? linked : [loader, ...linked])] };
}
