/** The beginning of a replay: how the program was started, and where. */
import type { AnyCall } from "../../hooks/types.ts";
import { resolvePath } from "../../model/resolve.ts";
import type { Recording } from "./contents.ts";
import type { Difference } from "./differences.ts";
import { startOf } from "./processes.ts";
import type { Scratch } from "./scratch.ts";

/** Variables that say where and how a shell has started the program. */
const incidental: ReadonlySet<string> = new Set(["PWD", "OLDPWD", "SHLVL", "_"]);

/** Tells what the program is started with and was not then. Values stay unsaid: they may be secrets. */
export function checkStart(recording: Recording, pid: number, tell: (difference: Difference) => void): void {
  const [wanted] = recording.all("process");
  if (wanted === undefined) return;
  const found = startOf(pid);
  const [, ...wantedArgs] = wanted.argv;
  const [, ...foundArgs] = found.argv;
  if (JSON.stringify(wantedArgs) !== JSON.stringify(foundArgs))
    tell({ kind: "start", what: "arguments", wanted: JSON.stringify(wantedArgs), found: JSON.stringify(foundArgs) });
  const [then, now] = [byName(wanted.env), byName(found.env)];
  for (const name of new Set([...then.keys(), ...now.keys()])) {
    const [before, after] = [then.get(name), now.get(name)];
    if (incidental.has(name) || before === after) continue;
    const say = (value: string | undefined, other: string): string | undefined =>
      value === undefined ? undefined : other;
    tell({
      kind: "start",
      what: `environment variable ${name}`,
      wanted: say(before, "a value"),
      found: say(after, before === undefined ? "a value" : "another value"),
    });
  }
}

const byName = (env: readonly string[]): Map<string, string> =>
  new Map(env.map((variable) => [variable.split("=", 1)[0] ?? "", variable]));

/** Takes the program's working directory to where it was then. */
export async function chdirTo(
  call: AnyCall,
  recording: Recording,
  scratch: Scratch,
  tell: (difference: Difference) => void,
): Promise<void> {
  const cwd = recording.all("process")[0]?.cwd ?? "/";
  const { tid } = call;
  const { pid, program } = call.process;
  resolvePath(scratch.treeOf({ pid, tid, program }), { path: "/", kind: "directory" }, cwd, { follow: true });
  const result = await call.run("chdir", { filename: scratch.realOf(cwd) });
  if (result !== 0)
    tell({
      kind: "start",
      what: "working directory",
      wanted: cwd,
      found: "another one",
      outcome: `chdir failed: ${result}`,
    });
}
