/** What the visitor finds in a place, and here as if it were there. */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { OutgoingPolicy } from "../../src/config/outgoing.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { networkHooks } from "../../src/world/network/network.ts";
import { World } from "../../src/world/world.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { policyOf } from "../world/homes.ts";
import { type Kind, type Place, places } from "./places.ts";
import { startServers } from "./servers.ts";

export interface Visited {
  readonly inside: string;
  readonly asIf: string;
  readonly failures: readonly unknown[];
}

/** Static and stripped. */
export const visitorProgram = (): Promise<string> =>
  goProgram(join(repository, "test/drivers/visitor"), ["-ldflags=-s -w"]);

export async function visit(kind: Kind): Promise<Visited> {
  const program = await visitorProgram();
  await using place = await places[kind](program);
  await using _ = await startServers(program, place);
  const inside = await place.inside();
  return { inside, ...(await visitAsIf(program, place)) };
}

async function visitAsIf(program: string, place: Place): Promise<Omit<Visited, "inside">> {
  const agent = await place.agent();
  using session = await Session.open({ connect: () => Promise.resolve(agent.connection), release: "elsewhere test" });
  const failures: unknown[] = [];
  const files = policyOf({ "/srv/**": "remote", "/srv": "remote", "/etc/**": "remote-read" });
  const world = new World({ files: session.files, policy: files, machine: session.target.identity });
  await using running = await launch(program, {
    args: ["visit"],
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/bin" },
    cwd: world.startingDirectory("/srv") ?? "/",
    hooks: [...networkHooks({ network: session.network, policy: new OutgoingPolicy(), files }), ...world.hooks],
    onHookError: (failure) => failures.push(failure),
  });
  const [stdout, stderr] = await Promise.all([
    running.stdout === null ? "" : text(running.stdout),
    running.stderr === null ? "" : text(running.stderr),
    running.exited,
  ]);
  return { asIf: stdout + stderr, failures };
}
