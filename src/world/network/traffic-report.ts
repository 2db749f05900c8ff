/** What the program has connected to and which names it has asked for; where that was, and by which rule. */
import type { OutgoingMode, OutgoingRule } from "../../config/outgoing.ts";
import type { FileDecision, FileMode } from "../../config/policy.ts";
import type { NameListener } from "./questions.ts";
import type { RoutedDestination, RouteListener } from "./routing.ts";

export interface ReportedConnection {
  readonly protocol: "tcp" | "udp" | "unix";
  /** "192.0.2.1:80", "[::1]:80", a path, "@name" */
  readonly to: string;
  /** That the address had, as far as anybody has heard. */
  readonly names: readonly string[];
  readonly mode: OutgoingMode | FileMode;
  /** The rule's. */
  readonly pattern: string;
  calls: number;
}

export interface ReportedName {
  readonly name: string;
  /** Whose answer counted. */
  readonly mode: OutgoingMode;
  readonly pattern: string;
  questions: number;
}

/** Destinations, and names, that are told apart. */
const MOST = 10_000;
/** Go asks its kernel for its own addresses by connecting a datagram socket to this port, to which it sends nothing (net/addrselect.go). */
const DISCARD = 9;

export class TrafficReport implements RouteListener, NameListener {
  readonly #connections = new Map<string, ReportedConnection>();
  readonly #names = new Map<string, ReportedName>();
  /** Calls about destinations and names that are not told apart. */
  others = 0;

  connection(_: number, to: RoutedDestination, rule: OutgoingRule | FileDecision): void {
    if (to.protocol === "udp" && to.port === DISCARD) return;
    const text = textOf(to);
    const key = `${to.protocol} ${text}`;
    const known = this.#connections.get(key);
    if (known !== undefined) known.calls++;
    else if (this.#connections.size >= MOST) this.others++;
    else
      this.#connections.set(key, {
        protocol: to.protocol,
        to: text,
        names: to.protocol === "unix" ? [] : (to.names ?? []),
        mode: rule.mode,
        pattern: "rule" in rule ? rule.rule.pattern : rule.pattern,
        calls: 1,
      });
  }

  name(name: string, mode: OutgoingMode, { pattern }: OutgoingRule): void {
    const known = this.#names.get(name);
    if (known !== undefined) known.questions++;
    else if (this.#names.size >= MOST) this.others++;
    else this.#names.set(name, { name, mode, pattern, questions: 1 });
  }

  get connections(): readonly ReportedConnection[] {
    return [...this.#connections.values()];
  }

  get names(): readonly ReportedName[] {
    return [...this.#names.values()];
  }
}

export function textOf(to: RoutedDestination): string {
  if (to.protocol === "unix") return to.path;
  return to.address.includes(":") ? `[${to.address}]:${to.port}` : `${to.address}:${to.port}`;
}
