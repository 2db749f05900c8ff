/** Which names the addresses have that the program has been told: a connection is judged by them. */
import { isIPv6 } from "node:net";
import { hostName } from "../../config/destination-pattern.ts";

/** Addresses that are remembered; of those beyond, the one that was heard of first is forgotten. */
const MOST_ADDRESSES = 20_000;
/** Names of one address: a front door of many services has more than anybody asks for. */
const MOST_NAMES = 32;

export class KnownNames {
  /** Names by address, the one that was heard last at the end. */
  readonly #names = new Map<string, Set<string>>();
  readonly #domains: readonly string[];

  /** @param domains that the program searches (resolv.conf(5)) */
  constructor(domains: readonly string[] = []) {
    this.#domains = domains.map(hostName);
  }

  /** @param address text */
  learn(address: string, name: string): void {
    const key = plain(address);
    const names = this.#names.get(key) ?? new Set();
    this.#names.delete(key);
    if (this.#names.size >= MOST_ADDRESSES) this.#names.delete(first(this.#names) ?? "");
    this.#names.set(key, names);
    names.delete(hostName(name));
    if (names.size >= MOST_NAMES) names.delete(first(names) ?? "");
    names.add(hostName(name));
  }

  /** The names of an address, and what these are called within the domains that are searched; the last heard first. */
  of(address: string): readonly string[] {
    const names = this.#names.get(plain(address));
    return names === undefined ? [] : [...names].reverse().flatMap((name) => this.within(name));
  }

  /** A name, and what it is called within the domains that are searched: "db.shop.internal" is "db", too. */
  within(name: string): readonly string[] {
    const whole = hostName(name);
    const short = this.#domains
      .filter((domain) => whole.endsWith(`.${domain}`))
      .map((domain) => whole.slice(0, -domain.length - 1));
    return [whole, ...short];
  }
}

const first = <T>(all: Map<T, unknown> | Set<T>): T | undefined => all.keys().next().value;

/** Alike for sockets of IPv4 and IPv6. */
const plain = (address: string): string =>
  isIPv6(address) && address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
