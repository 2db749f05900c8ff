/** Programs that build and start others, hooked: each with a program that opens a file that a hook makes up. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elsewhere } from "../matrix/elsewhere.ts";
import { repository, scratch } from "../matrix/cache.ts";
import { type Outcome, run } from "../matrix/run.ts";

/** Opened by whatever is hooked, in place of /srv/greeting. */
const hooks = `import { defineHooks } from "elsewhere";

export default defineHooks({
  openat: (call) => (call.path === "/srv/greeting" ? call.openWith({ content: "hello from a hook" }) : undefined),
});
`;

/** A folder with the sources of `started` in srv/started, as a target has them, and the hook file. */
export function started(): string {
  const folder = scratch("started");
  mkdirSync(join(folder, "srv"));
  writeFileSync(join(folder, "srv/greeting"), "hello from there");
  cpSync(join(repository, "test/starters/started"), join(folder, "srv/started"), { recursive: true });
  writeFileSync(join(folder, "hooks.mjs"), hooks);
  return folder;
}

/** `elsewhere exec` with the hook file; the command runs among the sources. */
export const underHooks = (folder: string, command: readonly string[]): Promise<Outcome> =>
  run(elsewhere("exec", "--no-config", "--hook", join(folder, "hooks.mjs"), "--", ...command), {
    cwd: join(folder, "srv/started"),
    timeoutMs: 170_000,
  });

/** The command as if in a target that has the sources and the file; Go itself is here. */
export async function inTarget(folder: string, command: readonly string[]): Promise<Outcome> {
  const files = ["--files-read-write", "/srv/**", "--files-local", join(await goRoot(), "**")];
  const where = ["--target", `embedded:${folder}`, "--workdir", "/srv/started"];
  return run(elsewhere("exec", "--no-config", ...where, ...files, "--", ...command), { cwd: "/", timeoutMs: 170_000 });
}

/** The go command itself, a Go program, wherever PATH's `go` leads. */
export const goCommand = async (): Promise<string> => join(await goRoot(), "bin/go");

async function goRoot(): Promise<string> {
  const { stdout } = await run(["go", "env", "GOROOT"], { cwd: "/", timeoutMs: 60_000 });
  return stdout.trim();
}
