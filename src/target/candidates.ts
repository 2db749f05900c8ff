/** What could be a target on this machine, as far as this user can see. */
import { globSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { containerEngines } from "./container-engine.ts";

export interface Candidate {
  /** As `--target` takes it: "container:api". */
  readonly target: string;
  /** For people: an image, a command, a file. */
  readonly about: string;
}

export async function listCandidates(): Promise<readonly Candidate[]> {
  return [...(await containers()), ...processes(), ...hosts()];
}

async function containers(): Promise<readonly Candidate[]> {
  const listed = await Promise.all(containerEngines().map((engine) => engine.list()));
  return listed
    .flat()
    .map(({ engine, name, image }) => ({ target: `container:${name}`, about: `${engine}, ${image}` }));
}

/** Namespaces that make a place of its own. */
const namespaces = ["user", "mnt", "net", "uts"];

/** Of every place that is not ours, the process with the lowest number: most likely the main one. */
function processes(): readonly Candidate[] {
  const seen = new Set([placeOf("self")]);
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid) => {
      const place = placeOf(pid);
      if (place === undefined || seen.has(place)) return [];
      seen.add(place);
      return [{ target: `process:${pid}`, about: commandOf(pid) }];
    });
}

/** Undefined where this user may not know, and for the kernel's own threads. */
function placeOf(pid: number | "self"): string | undefined {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return namespaces.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`)).join(" ");
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return ""; // gone meanwhile
  }
}

/** How deep files may include others; ssh's own limit (readconf.c, READCONF_MAX_DEPTH). */
const DEEPEST = 16;

/** Hosts that the user's ssh configuration names, patterns left out (ssh_config(5), Host and Include). */
export function hosts(file: string = join(homedir(), ".ssh/config"), depth: number = 0): readonly Candidate[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const found = [...text.matchAll(/^\s*(host|include)(?:\s+|\s*=\s*)(.*)$/gim)].flatMap(
    ([, keyword = "", rest = ""]) => {
      const words = (rest.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));
      if (keyword.toLowerCase() === "host")
        return words.filter((name) => !/[*?!]/.test(name)).map((name) => ({ target: `ssh:${name}`, about: file }));
      if (depth >= DEEPEST) return [];
      return words.flatMap((pattern) => globSync(included(pattern)).flatMap((each) => hosts(each, depth + 1)));
    },
  );
  return found.filter(({ target }, at) => found.findIndex((other) => other.target === target) === at);
}

function included(pattern: string): string {
  if (pattern.startsWith("~/")) return join(homedir(), pattern.slice(2));
  return isAbsolute(pattern) ? pattern : join(homedir(), ".ssh", pattern);
}
