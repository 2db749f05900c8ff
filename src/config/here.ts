/** What the defaults about files and the search for a configuration depend on, as this process finds it. */
import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Here } from "./default-rules.ts";
import { repositoryOf } from "./find.ts";
import type { Settings } from "./settings.ts";

/** @param executable the program's real path, where there is one */
export function hereFor({ file, workdir }: Settings, executable: string | undefined): Here {
  const workingDirectory = process.cwd();
  const elsewhere = workdir.value !== undefined;
  return {
    home: homeFolder(),
    workingDirectory: elsewhere ? undefined : workingDirectory,
    projectFolder: elsewhere ? undefined : (repositoryOf(workingDirectory) ?? (file && dirname(file))),
    executable,
    environment: process.env,
  };
}

/** Real, for programs get real paths. */
export function homeFolder(): string | undefined {
  const home = process.env["HOME"];
  if (home === undefined || !home.startsWith("/")) return undefined;
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}

/** This process's environment in the kernel's own bytes: process.env has lost those that are no UTF-8. */
export function ownEnvironment(): Uint8Array[] {
  const bytes = readFileSync("/proc/self/environ");
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const stop = end < 0 ? bytes.length : end;
    if (stop > at) entries.push(bytes.subarray(at, stop));
    at = stop + 1;
  }
  return entries;
}
