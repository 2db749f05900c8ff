/** This package as a program that can be started: here in a namespace, or elsewhere from a copy. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert } from "../errors.ts";

/** The directory with this package's package.json: a checkout, or a package that npm installed. */
export function packageDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) {
    assert(directory !== dirname(directory), "this file is part of a package");
    directory = dirname(directory);
  }
  return directory;
}

/** The command line's own file in the package: what runs is what starts, sources or what was built from them. */
export const mainFile: string = import.meta.url.endsWith(".ts") ? "src/cli/main.ts" : "dist/cli/main.js";

/** This Node.js with `elsewhere agent`. */
export const agentCommand = (...options: readonly string[]): string[] => [
  process.execPath,
  join(packageDirectory(), mainFile),
  "agent",
  ...options,
];

/** What an agent needs of this process's environment: neither NODE_OPTIONS nor LD_PRELOAD are meant for it. */
export function agentEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { UV_THREADPOOL_SIZE: "64" }; // calls that wait (a lock, a full pipe) keep a thread each
  for (const name of ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "ELSEWHERE_CACHE_DIR"])
    if (process.env[name] !== undefined) env[name] = process.env[name];
  return env;
}
