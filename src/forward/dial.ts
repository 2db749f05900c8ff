/** Connects to a host of the target by its name: to the first of its addresses that answers (RFC 8305). */
import { errnoNumber } from "../linux/errno.ts";
import type { RemoteConnection, RemoteNetwork } from "../session/remote-network.ts";
import { flowCode } from "../wire/flow.ts";
import type { PortThere, SocketPath } from "./specification.ts";

/** How long an address has before the next one is tried as well, milliseconds (RFC 8305, section 5). */
const STAGGER_MS = 250;
const EHOSTUNREACH = errnoNumber("EHOSTUNREACH") ?? 113;

/** @returns −errno where there is no such host (ENOENT), no server has told (EAGAIN), or none of its addresses answers */
export async function dial(network: RemoteNetwork, to: PortThere | SocketPath): Promise<RemoteConnection | number> {
  if ("path" in to) {
    const value = Buffer.from(to.path.replace(/^@/, "\0"));
    return network.connect({ kind: { case: "unix", value } });
  }
  const addresses = await network.resolve(to.host);
  return typeof addresses === "number" ? addresses : firstOf(network, addresses, to.port);
}

function firstOf(
  network: RemoteNetwork,
  addresses: readonly Uint8Array[],
  port: number,
): Promise<RemoteConnection | number> {
  const others = new AbortController();
  const { promise, resolve } = Promise.withResolvers<RemoteConnection | number>();
  let [begun, underWay] = [0, 0];
  let timer: NodeJS.Timeout | undefined;
  const decide = (outcome: RemoteConnection | number): void => {
    clearTimeout(timer);
    others.abort();
    resolve(outcome);
  };
  const next = (): void => {
    clearTimeout(timer);
    const ip = addresses[begun];
    if (ip === undefined) return;
    begun++;
    underWay++;
    timer = setTimeout(next, STAGGER_MS);
    void attempt(ip);
  };
  const attempt = async (ip: Uint8Array): Promise<void> => {
    const { signal } = others;
    const outcome = await network.connect({ kind: { case: "internet", value: { ip, port } } }, { signal });
    underWay--;
    if (signal.aborted) {
      if (typeof outcome !== "number") outcome.stream.close(flowCode.cancelled);
    } else if (typeof outcome !== "number") decide(outcome);
    else if (begun < addresses.length) next();
    else if (underWay === 0) decide(outcome);
  };
  if (addresses.length === 0) decide(-EHOSTUNREACH);
  else next();
  return promise;
}
