/** Programs of this machine that starting an agent takes. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { ElsewhereError } from "../errors.ts";

const packages: Readonly<Record<string, string>> = {
  unshare: "util-linux",
  nsenter: "util-linux",
  sh: "dash",
  ssh: "openssh-client",
};

/** @returns its path, undefined where it is not there */
export function findTool(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/** @throws ElsewhereError `target-unusable` that names the package which brings it */
export function tool(name: string): string {
  const found = findTool(name);
  if (found !== undefined) return found;
  throw new ElsewhereError({
    code: "target-unusable",
    message: `${name} is not installed`,
    hint: `install ${packages[name] ?? name} (Debian's name)`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
