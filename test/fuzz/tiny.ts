/** Go programs as small as they come, of any release and link mode: they print one line. Built once. */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash, scratch } from "../matrix/cache.ts";
import { releaseNamed } from "../matrix/releases.ts";
import { run } from "../matrix/run.ts";
import { toolchain } from "../matrix/toolchain.ts";

export interface TinyRecipe {
  /** "1.27" */
  readonly release: string;
  /** Of `go build`. */
  readonly flags?: readonly string[];
  /** The line comes from C. */
  readonly cgo?: boolean;
}

const source = 'package main\n\nfunc main() { println("hello") }\n';
const cgoSource =
  'package main\n\n// static int answer(void) { return 42; }\nimport "C"\n\nfunc main() { println(C.answer()) }\n';

/** The program's path. */
export async function tinyGoProgram(recipe: TinyRecipe): Promise<string> {
  const { flags = [], cgo = false } = recipe;
  const { version } = releaseNamed(recipe.release);
  const text = cgo ? cgoSource : source;
  const name = `tiny-${version}-${contentHash([text, ...flags])}`;
  const program = join(cached("fuzz"), name);
  if (existsSync(program)) return program;
  const go = await toolchain(version);
  const work = scratch("fuzz");
  try {
    writeFileSync(join(work, "main.go"), text);
    const outcome = await run([go.go, "build", ...flags, "-o", "tiny", "main.go"], {
      cwd: work,
      environment: { ...go.environment, CGO_ENABLED: cgo || flags.includes("-race") ? "1" : "0" },
      timeoutMs: 300_000,
    });
    if (outcome.exitCode !== 0) throw new Error(`cannot build with ${version}: ${outcome.stderr}`);
    renameSync(join(work, "tiny"), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}
