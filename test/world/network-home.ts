/** A sandbox in which the program `caller` serves, and what else it does: run there, or here with its traffic there. */
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { OutgoingPolicy } from "../../src/config/outgoing.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import type { Embedded } from "../../src/target/embedded.ts";
import { World } from "../../src/world/world.ts";
import { firstNames } from "../../src/world/network/first-names.ts";
import { interfaceHooks, networkHooks } from "../../src/world/network/network.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { home, inside, policyOf, startHome } from "./homes.ts";

export interface NetworkHome extends AsyncDisposable {
  readonly program: string;
  readonly sandbox: Embedded;
  readonly session: Session;
  /** What it prints here, with its traffic there. @throws AggregateError where hooks failed */
  here(args: readonly string[], policy?: OutgoingPolicy, resolvers?: string): Promise<string>;
  /** What it prints there. */
  there(args: readonly string[]): Promise<string>;
}

const resolvConf = "nameserver 127.0.0.1\noptions timeout:2\n";

export async function startNetworkHome(): Promise<NetworkHome> {
  const program = await goProgram(join(repository, "test/world/caller"));
  const sandbox = await startHome({
    ...home,
    files: {
      ...home.files,
      "/etc/resolv.conf": resolvConf,
      "/etc/hosts": "10.0.0.9 inhosts\n",
      "/etc/nsswitch.conf": "hosts: files dns\n",
    },
  });
  const session = await Session.open({
    connect: () => Promise.resolve(sandbox.connection),
    release: "elsewhere test",
  });
  mkdirSync(join(sandbox.root, "bin"), { recursive: true });
  copyFileSync(program, join(sandbox.root, "bin/server"));
  const server = sandbox.run("/bin/server", ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
  if (server.stdout !== null) await once(server.stdout, "data");
  return {
    program,
    sandbox,
    session,
    here: (args, policy, resolvers = resolvConf) => {
      writeFileSync(join(sandbox.root, "etc/resolv.conf"), resolvers);
      return runHere(program, session, args, policy);
    },
    there: async (args) => {
      const { stdout, stderr } = await inside(sandbox, { program, args });
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: async () => {
      server.kill();
      session[Symbol.dispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

async function runHere(
  program: string,
  session: Session,
  args: readonly string[],
  policy: OutgoingPolicy = new OutgoingPolicy(),
): Promise<string> {
  const failures: unknown[] = [];
  const files = policyOf({
    "/etc/**": "remote-read",
    "/srv/**": "remote",
    "/proc/{net,self/net,sys/net}": "remote-read",
    "/proc/{net,self/net,sys/net}/**": "remote-read",
    "/sys/class/net/**": "remote-read",
    "/sys/class/net": "remote-read",
  });
  const world = new World({ files: session.files, policy: files });
  const names = await firstNames(session.files, files);
  await using running = await launch(program, {
    args,
    stdio: ["ignore", "pipe", "pipe"],
    hooks: [
      ...networkHooks({
        network: session.network,
        unixDatagrams: session.unixDatagrams,
        policy,
        files,
        orphanMs: 2000,
        names,
        directoryOf: (tid) => world.directoryOf(tid),
      }),
      interfaceHooks(session.interfaces),
      ...world.hooks,
    ],
    onHookError: (failure) => failures.push(failure),
  });
  const [stdout, stderr] = await Promise.all([
    running.stdout === null ? "" : text(running.stdout),
    running.stderr === null ? "" : text(running.stderr),
    running.exited,
  ]);
  if (failures.length > 0) throw new AggregateError(failures, "hooks failed");
  return stdout + stderr;
}
