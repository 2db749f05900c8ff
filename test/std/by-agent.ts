/**
 * Runs a program whose stream sockets are connected by an agent: one on the network of this machine, so that the program
 * finds its own listeners there too, and both ends of every connection can be judged.
 *
 *   node test/std/by-agent.ts -- PROGRAM [ARGUMENT…]
 */
import { OutgoingPolicy, outgoingRule } from "../../src/config/outgoing.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { findTarget } from "../../src/target/kinds.ts";
import { networkHooks } from "../../src/world/network/network.ts";
import { policyOf } from "../world/homes.ts";

const [program = "", ...args] = process.argv.slice(process.argv.indexOf("--") + 1);
const { kind, name } = findTarget(`process:${process.pid}`);
await using agent = await kind.start(name, { progress: () => undefined });
using session = await Session.open({ connect: () => Promise.resolve(agent.connection), release: "elsewhere test" });
await using running = await launch(program, {
  args,
  stdio: "inherit",
  hooks: networkHooks({
    network: session.network,
    // What a bound datagram socket sends leaves from its port here, and there is one such port on this network.
    policy: new OutgoingPolicy([outgoingRule({ pattern: "udp://*", mode: "local" })]),
    files: policyOf({ "/**": "remote" }),
    sharesNetwork: true,
  }),
  onHookError: (failure) => console.error(failure),
});
const { exitCode, signal } = await running.exited;
process.exitCode = exitCode ?? 128;
if (signal !== null) console.error(`ended by ${signal}`);
