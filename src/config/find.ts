/** Which configuration file is meant. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ElsewhereError } from "../errors.ts";

const endings = ["ts", "mts", "js", "mjs", "json", "yaml", "yml"];
const names = endings.map((ending) => `elsewhere.config.${ending}`);

/**
 * Looks in `from` and the folders above it, up to the repository's root (it has `.git`) or home. Where neither is above,
 * only in `from`: what somebody has put into /tmp or / is not yours.
 * @param from absolute and real
 * @throws ElsewhereError `config-unusable` where a folder has two
 */
export function findConfig(from: string, homes: readonly string[]): string | undefined {
  for (const folder of foldersFor(from, homes)) {
    const found = names.filter((name) => existsSync(join(folder, name)));
    if (found.length > 1)
      throw new ElsewhereError({
        code: "config-unusable",
        message: `${folder} has ${found.length} configuration files`,
        context: found,
        hint: "keep one, or name it with --config",
      });
    if (found[0] !== undefined) return join(folder, found[0]);
  }
  return undefined;
}

/** The repository that a folder is in; undefined where it is in none. */
export function repositoryOf(from: string): string | undefined {
  return ancestors(from).find((folder) => existsSync(join(folder, ".git")));
}

function foldersFor(from: string, homes: readonly string[]): string[] {
  const folders = ancestors(from);
  const last = repositoryOf(from) ?? homes.find((home) => folders.includes(home)) ?? from;
  return folders.slice(0, folders.indexOf(last) + 1);
}

/** The folder itself first. */
function ancestors(from: string): string[] {
  const folders = [from];
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) folders.push(dirname(folder));
  return folders;
}
