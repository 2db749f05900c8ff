/** Where a connection begins: in the target, or here. The rules are asked in their order, the first that matches decides. */
import { BlockList, isIPv6 } from "node:net";

export type Protocol = "tcp" | "udp";
export type TrafficMode = "local" | "remote";

/** What the program wants to reach. */
export interface Destination {
  readonly protocol: Protocol;
  /** "192.0.2.1", "2001:db8::1" */
  readonly address: string;
  readonly port: number;
}

export interface OutgoingRule {
  readonly mode: TrafficMode;
  readonly protocol?: Protocol;
  /** "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"; without it every address. */
  readonly network?: string;
  /** The port, or the first and the last of a range. */
  readonly ports?: number | readonly [first: number, last: number];
}

export interface OutgoingDecision {
  readonly mode: TrafficMode;
  /** Undefined where no rule matched: then it is remote. */
  readonly rule: OutgoingRule | undefined;
}

export class OutgoingPolicy {
  readonly #rules: readonly (readonly [rule: OutgoingRule, matches: (destination: Destination) => boolean])[];

  /** @throws RangeError for what is no network */
  constructor(rules: readonly OutgoingRule[] = []) {
    this.#rules = rules.map((rule) => [rule, matcher(rule)] as const);
  }

  decide(destination: Destination): OutgoingDecision {
    const rule = this.#rules.find(([, matches]) => matches(destination))?.[0];
    return { mode: rule?.mode ?? "remote", rule };
  }
}

function matcher({ protocol, network, ports }: OutgoingRule): (destination: Destination) => boolean {
  const [first, last] = ports === undefined ? [0, 65_535] : typeof ports === "number" ? [ports, ports] : ports;
  const list = network === undefined ? undefined : listOf(network);
  return (to) =>
    (protocol === undefined || protocol === to.protocol) &&
    to.port >= first &&
    to.port <= last &&
    (list === undefined || list.check(to.address, isIPv6(to.address) ? "ipv6" : "ipv4"));
}

function listOf(network: string): BlockList {
  const list = new BlockList();
  const [address = "", bits] = network.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const prefix = bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits);
  try {
    list.addSubnet(address, prefix, family);
  } catch (cause) {
    throw new RangeError(`${network} is no network`, { cause });
  }
  return list;
}
