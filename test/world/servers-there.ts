/** A sandbox with the servers of `caller serve` in it, as a target that the command line can be told. */
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Session } from "../../src/session/session.ts";
import type { Embedded } from "../../src/target/embedded.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { home, startHome } from "./homes.ts";

export interface ServersThere extends AsyncDisposable {
  readonly sandbox: Embedded;
  readonly session: Session;
  /** "process:PID" of the servers. */
  readonly target: string;
  /** The program `caller`, here. */
  readonly program: string;
}

/** @param files in place of those of {@link home} */
export async function startServersThere(files: Readonly<Record<string, string>>): Promise<ServersThere> {
  const program = await goProgram(join(repository, "test/world/caller"));
  const sandbox = await startHome({ ...home, files: { ...home.files, ...files } });
  // Its agent waits for somebody; the sandbox ends with it.
  const session = await Session.open({ connect: () => Promise.resolve(sandbox.connection), release: "test" });
  mkdirSync(join(sandbox.root, "bin"), { recursive: true });
  copyFileSync(program, join(sandbox.root, "bin/server"));
  const server = sandbox.run("/bin/server", ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
  if (server.stdout !== null) await once(server.stdout, "data");
  return {
    sandbox,
    session,
    program,
    target: `process:${childOf(server.pid ?? 0)}`,
    async [Symbol.asyncDispose]() {
      server.kill();
      session[Symbol.dispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

/** The number of the program that `nsenter` runs, on this machine. */
function childOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ");
  return Number(child);
}
