/** `elsewhere forward`: ports of this machine whose connections go on from the target, for programs that are not hooked. */
import pc from "picocolors";
import type { Settings } from "../config/settings.ts";
import { ElsewhereError } from "../errors.ts";
import { startForwarding } from "../forward/forwarding.ts";
import type { Listener } from "../forward/listener.ts";
import { startSocks } from "../forward/socks.ts";
import { describe, parseForward, parseListen } from "../forward/specification.ts";
import type { Session } from "../session/session.ts";
import { endAs } from "./ending.ts";
import { wantsColour } from "./report.ts";
import { noTargetOptions, type TargetOptions, targetSettings } from "./target-options.ts";
import { connectTo } from "./target-session.ts";

/** As program.ts declares and checks them. */
export interface ForwardCommandOptions extends Pick<TargetOptions, "target" | "config"> {
  readonly socks: readonly string[];
}

/** Lasts until a signal ends it. */
export async function forward(specifications: readonly string[], options: ForwardCommandOptions): Promise<never> {
  const forwards = specifications.map(parseForward);
  const proxies = options.socks.map(parseListen);
  if (forwards.length + proxies.length === 0)
    throw new ElsewhereError({
      code: "usage",
      message: "there is nothing to forward",
      hint: "elsewhere forward --help",
    });
  const settings = await targetSettings({ ...noTargetOptions, ...options });
  const target = settings.target.value;
  if (target === undefined)
    throw new ElsewhereError({
      code: "usage",
      message: "there is no target",
      hint: "name one with --target, or in elsewhere.config.ts; elsewhere ls lists what could be one",
    });
  const stopped = firstSignal();
  const signal = await withSession(target, settings, async (session) => {
    const { network } = session;
    const listeners: Listener[] = [];
    const open = async (starting: Promise<Listener>, to: string): Promise<void> => {
      const listener = await starting;
      listeners.push(listener);
      console.log(`${describe(listener.at)} -> ${to}`);
    };
    try {
      for (const each of forwards)
        await open(startForwarding(network, each, complain), `${describe(each.to)} in ${target}`);
      for (const at of proxies) await open(startSocks(network, at, complain), `SOCKS 5 in ${target}`);
      return await Promise.race([stopped, session.closed.then(gone)]);
    } finally {
      await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    }
  });
  endAs({ exitCode: null, signal });
}

async function withSession<T>(target: string, settings: Settings, use: (session: Session) => Promise<T>): Promise<T> {
  await using connected = await connectTo(target, settings, "nothing is forwarded any more");
  return await use(connected.session);
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function firstSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of signals) process.on(signal, resolve);
  return promise;
}

function complain(text: string): void {
  console.error(pc.createColors(wantsColour()).dim(`elsewhere: ${text}`));
}

const gone = (reason: Error | undefined): never => {
  throw new ElsewhereError({
    code: "target-unusable",
    message: "the target is gone",
    context: reason === undefined ? [] : [reason.message],
  });
};
