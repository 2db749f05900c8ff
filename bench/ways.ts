/** Ways to a server: by elsewhere and by its peers, each with a delay line in it. All ends are on this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, Socket, type AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { OutgoingPolicy, type OutgoingRule } from "../src/config/outgoing.ts";
import { launch } from "../src/index.ts";
import { Session } from "../src/session/session.ts";
import { agentCommand } from "../src/target/agent-program.ts";
import { processTarget } from "../src/target/process.ts";
import { networkHooks } from "../src/world/network/network.ts";
import { World } from "../src/world/world.ts";
import { policyOf } from "../test/world/homes.ts";
import { run } from "./run.ts";
import { SshHost } from "./ssh-host.ts";

/** A way that leads to the server now. */
export interface Way extends AsyncDisposable {
  /** Runs a program that is given "HOST:PORT" to connect to. @returns what it prints */
  client(program: string, args: readonly string[]): Promise<string>;
}

/** @param port where the server listens */
export type OpenWay = (port: number, roundTripMs: number) => Promise<Way>;

const line = (roundTripMs: number): string[] => [
  process.execPath,
  join(import.meta.dirname, "line.ts"),
  String(roundTripMs),
];
const at = (port: number): string => `127.0.0.1:${port}`;

/** A way by a program that listens on this machine, after the others in front of it have begun. */
function by(port: number, children: readonly ChildProcess[], folder?: Disposable): Way {
  return {
    client: async (program, args) => (await run([program, "-address", at(port), ...args])).stdout,
    [Symbol.asyncDispose]: () => end(children, folder),
  };
}

async function end(children: readonly ChildProcess[], folder?: Disposable): Promise<void> {
  for (const child of children) {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill();
    await ended;
  }
  folder?.[Symbol.dispose]();
}

/** Starts a command and waits for its first words. @throws Error when there are none */
async function started(command: readonly string[]): Promise<readonly [child: ChildProcess, said: string]> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  child.once("error", reject);
  child.once("close", () => reject(new Error(`${program} ended: ${complaint}`)));
  return [child, await promise];
}

/** A server of the traffic program, and its port. */
export async function startServer(traffic: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const [child, address] = await started([traffic, "serve"]);
  return { port: Number(address.split(":")[1]), [Symbol.asyncDispose]: () => end([child]) };
}

/** Straight to the server, or to a delay line in front of it. */
export const direct: OpenWay = async (port, roundTripMs) => {
  if (roundTripMs === 0) return by(port, []);
  const [child, said] = await started([...line(roundTripMs), String(port)]);
  return by(Number(said), [child]);
};

export const socat: OpenWay = async (port, roundTripMs) => {
  const [child, said] = roundTripMs === 0 ? [] : await started([...line(roundTripMs), String(port)]);
  const own = await freePort();
  // It says that it listens, in a line on standard error.
  const relay = spawn("socat", [
    "-d",
    "-d",
    "-b",
    "65536",
    `TCP4-LISTEN:${own},bind=127.0.0.1,fork,reuseaddr,backlog=1024,nodelay`,
    `TCP4:${at(Number(said ?? port))},nodelay`,
  ]);
  await new Promise((resolve, reject) => {
    relay.once("error", reject);
    relay.stderr.once("data", resolve);
  });
  relay.stderr.resume();
  return by(own, child === undefined ? [relay] : [relay, child]);
};

/** ssh's forwardings, `-L` and `-D`, as arguments of ssh and of the client. */
const forwarding =
  (kind: "-L" | "-D"): OpenWay =>
  async (port, roundTripMs) => {
    const host = new SshHost(roundTripMs === 0 ? "" : line(roundTripMs).join(" "));
    const own = await freePort();
    const from = kind === "-L" ? `${at(own)}:${at(port)}` : at(own);
    const ready = ["-o", "PermitLocalCommand=yes", "-o", "LocalCommand=echo ready", "-o", "ExitOnForwardFailure=yes"];
    const [child] = await started(["ssh", ...host.options, ...ready, "-N", kind, from, "bench"]);
    const way = by(kind === "-L" ? own : port, [child], host);
    const client: Way["client"] = (program, args) => way.client(program, ["-socks", at(own), ...args]);
    return kind === "-L" ? way : { ...way, client, [Symbol.asyncDispose]: way[Symbol.asyncDispose].bind(way) };
  };

export const sshL: OpenWay = forwarding("-L");
export const sshD: OpenWay = forwarding("-D");

/** A program whose connections begin at an agent, unless a rule says otherwise. */
export const elsewhere =
  (...rules: OutgoingRule[]): OpenWay =>
  async (port, roundTripMs) => {
    const agent = roundTripMs === 0 ? await near() : far(roundTripMs);
    const session = await Session.open({ connect: () => Promise.resolve(agent.connection), release: "benchmark" });
    return {
      async client(program, args) {
        const world = new World({ files: session.files, policy: policyOf({}) });
        const network = networkHooks({ network: session.network, policy: new OutgoingPolicy(rules) });
        await using running = await launch(program, {
          args: ["-address", at(port), ...args],
          stdio: ["ignore", "pipe", "inherit"],
          hooks: [...network, ...world.hooks],
        });
        const output = running.stdout === null ? "" : await text(running.stdout);
        await running.exited;
        return output;
      },
      async [Symbol.asyncDispose]() {
        session[Symbol.dispose]();
        await agent[Symbol.asyncDispose]();
      },
    };
  };

type Agent = AsyncDisposable & { readonly connection: Socket };

const near = (): Promise<Agent> =>
  processTarget.start(String(process.pid), { progress: () => undefined }) as unknown as Promise<Agent>;

/** An agent behind the line: as near to us as the real one, a socket away. */
function far(roundTripMs: number): Agent {
  const child = spawn("/bin/sh", ["-c", 'exec "$@" <&3 >&3 3>&-', "sh", ...line(roundTripMs), ...agentCommand()], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const connection = child.stdio[3] as Socket;
  return {
    connection,
    async [Symbol.asyncDispose]() {
      connection.destroy();
      await end([child]);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
