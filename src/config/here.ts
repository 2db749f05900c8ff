/** What the defaults about files and the search for a configuration depend on, as this process finds it. */
import { readFileSync, realpathSync } from "node:fs";
import { dirname, normalize } from "node:path";
import type { Here } from "./default-rules.ts";
import { repositoryOf } from "./find.ts";
import type { Settings } from "./settings.ts";

/** @param executable the program's real path, where there is one */
export function hereFor({ file, workdir }: Settings, executable: string | undefined): Here {
  const workingDirectories = workdir.value === undefined ? ownDirectories() : [];
  const projects = workingDirectories.map((folder) => repositoryOf(folder) ?? (file && dirname(file)));
  return {
    homes: homeFolders(),
    workingDirectories,
    projectFolders: projects.filter((folder) => folder !== undefined),
    executable,
    environment: process.env,
  };
}

/** As the user calls it, and as it really is. */
export function homeFolders(): string[] {
  const home = process.env["HOME"];
  if (home === undefined || !home.startsWith("/")) return [];
  return [...new Set([normalize(home).replace(/(?<=.)\/$/, ""), real(home) ?? home])];
}

/** PWD is how the shell got here; it counts while it leads here. */
function ownDirectories(): string[] {
  const directory = process.cwd();
  const called = process.env["PWD"];
  return called !== undefined && called !== directory && real(called) === directory ? [directory, called] : [directory];
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
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
