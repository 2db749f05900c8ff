/** Where a connection begins: in the target, or here. The rules are asked in their order, the first that matches decides. */
import { type CompiledDestination, compileDestination } from "./destination-pattern.ts";
import type { Origin } from "./origin.ts";
import type { PatternPlaces } from "./pattern.ts";

/** - `refuse`: nowhere; connecting fails */
export type OutgoingMode = "local" | "remote" | "refuse";

/** What the program wants to reach by an address. */
export interface Destination {
  readonly protocol: "tcp" | "udp";
  /** "192.0.2.1", "2001:db8::1" */
  readonly address: string;
  readonly port: number;
  /** Of hosts that have this address. @default none */
  readonly names?: readonly string[];
  /** Who listens there is the program itself. @default false */
  readonly isOwn?: boolean;
  /** It is for all who are near: multicast, broadcast. @default false */
  readonly isForMany?: boolean;
}

export interface OutgoingRule {
  /** As it was written: "tcp://10.0.0.0/8:5432". */
  readonly pattern: string;
  readonly mode: OutgoingMode;
  /** What connecting fails with where it is refused. @default "ECONNREFUSED" */
  readonly errno?: string;
  readonly origin: Origin;
  /** Of the defaults: what it is good for. */
  readonly why?: string;
  readonly compiled: CompiledDestination;
}

export type NewRule = Omit<OutgoingRule, "compiled" | "origin"> & { readonly origin?: Origin };

const byDefault: Origin = { by: "default" };

/** @throws RangeError for what is no pattern of destinations */
export function outgoingRule(rule: NewRule, places: PatternPlaces = { homes: [], folder: "/" }): OutgoingRule {
  const compiled = compileDestination(rule.pattern, places);
  if (compiled === undefined) throw new RangeError(`${rule.pattern} is no destination`);
  return { origin: byDefault, ...rule, compiled };
}

/** Rules that stand behind those that somebody has said. */
const own = outgoingRule({ pattern: "localhost", mode: "local", why: "where the program itself listens" });
const many = outgoingRule({ pattern: "udp://224.0.0.0/4", mode: "local", why: "multicast, and broadcast" });
const defaultRule = outgoingRule({ pattern: "*", mode: "remote", why: "everything else" });

export class OutgoingPolicy {
  /** What was said, and last what is about everything else. */
  readonly rules: readonly OutgoingRule[];
  /** Of hosts' names: then it matters which names addresses have. */
  readonly hasNames: boolean;
  /** About everything else. */
  readonly otherwise: OutgoingRule;
  readonly #said: readonly OutgoingRule[];

  /** @param otherwise where connections begin that no rule matches */
  constructor(said: readonly OutgoingRule[] = [], otherwise: Pick<OutgoingRule, "mode" | "origin"> = defaultRule) {
    this.#said = said;
    this.otherwise = { ...defaultRule, mode: otherwise.mode, origin: otherwise.origin };
    this.rules = [...said, own, many, this.otherwise];
    this.hasNames = said.some(({ compiled }) => compiled.hasName !== undefined);
  }

  decide(to: Destination): OutgoingRule {
    const { isOwn = false, isForMany = false } = to;
    const found = this.#said.find(
      ({ compiled }) => matches(compiled, to) && (!isOwn || compiled.isLoopback) && !isForMany,
    );
    return found ?? (isOwn ? own : isForMany ? many : this.otherwise);
  }

  /** @param path of a Unix socket, or "@name"; undefined where nobody has said anything: the rules about files decide */
  decidePath(path: string): OutgoingRule | undefined {
    return this.#said.find(({ compiled }) => compiled.hasPath?.(path) === true);
  }

  /**
   * Whose answer counts about a name.
   * @param names the name, and what it is called within the domains that are searched
   * @returns undefined where nobody has said anything
   */
  decideName(names: readonly string[]): OutgoingRule | undefined {
    return this.#said.find(
      ({ compiled: { hasName }, mode }) => hasName !== undefined && mode !== "refuse" && names.some(hasName),
    );
  }
}

function matches({ protocol, hasAddress, hasName, ports, hasPath }: CompiledDestination, to: Destination): boolean {
  return (
    hasPath === undefined &&
    (protocol === undefined || protocol === to.protocol) &&
    to.port >= ports[0] &&
    to.port <= ports[1] &&
    (hasAddress === undefined || hasAddress(to.address)) &&
    (hasName === undefined || (to.names ?? []).some(hasName))
  );
}
