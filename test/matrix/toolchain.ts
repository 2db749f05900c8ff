/**
 * Go toolchains of any release, as modules of the module proxy
 * (golang.org/toolchain@v0.0.1-goVERSION.linux-amd64). Any `go` of the machine can
 * fetch them; one that knows GOTOOLCHAIN (Go 1.21) keeps them in the same place.
 *
 * Every `go` is run directly from its own root, without the machine's `go` in
 * between, and with flags that override those in Go's own environment file: one
 * that a new release put there (-buildvcs) breaks an old one.
 */
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { run } from "./run.ts";

export interface Toolchain {
  readonly version: string;
  /** Its `go` command. */
  readonly go: string;
  readonly root: string;
  /** To run it and whatever it starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const found = new Map<string, Promise<Toolchain>>();

/** The toolchain of release "1.13.15", fetched when it is not here. */
export function toolchain(version: string): Promise<Toolchain> {
  let result = found.get(version);
  if (!result) {
    result = fetchToolchain(version);
    found.set(version, result);
  }
  return result;
}

/** Fetches `path@version` with this `go` (the machine's, at first) and says where it lies unpacked. */
export async function downloadModule(module: string, go = "go"): Promise<string> {
  const outcome = await run([go, "mod", "download", "-json", module], {
    cwd: cached("empty"),
    environment: { ...process.env, GOFLAGS: "-modcacherw", GO111MODULE: "on", GOTOOLCHAIN: "local" },
    timeoutMs: 300_000,
  });
  const answer = JSON.parse(outcome.stdout || "{}") as { Dir?: string; Error?: string };
  if (answer.Dir === undefined) throw new Error(`cannot fetch ${module}: ${answer.Error ?? outcome.stderr.trim()}`);
  return answer.Dir;
}

async function fetchToolchain(version: string): Promise<Toolchain> {
  const machine = process.arch === "arm64" ? "arm64" : "amd64";
  const root = await downloadModule(`golang.org/toolchain@v0.0.1-go${version}.linux-${machine}`);
  makeExecutable(root);
  return {
    version,
    root,
    go: join(root, "bin/go"),
    environment: {
      ...process.env,
      PATH: `${join(root, "bin")}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
      GOROOT: undefined,
      GOFLAGS: "-trimpath",
      GOTOOLCHAIN: "local",
      GO111MODULE: "on",
      GOWORK: "off",
    },
  };
}

/** Module zips carry no modes: programs have to be made executable after unpacking. */
function makeExecutable(root: string): void {
  const machineTools = join(root, "pkg/tool");
  const folders = [join(root, "bin")];
  if (existsSync(machineTools)) folders.push(...readdirSync(machineTools).map((name) => join(machineTools, name)));
  for (const folder of folders) {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const mode = statSync(path).mode;
      if ((mode & 0o111) === 0) chmodSync(path, mode | 0o555);
    }
  }
}
