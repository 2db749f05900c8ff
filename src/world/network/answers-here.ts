/** What this machine knows of a name: addresses by the C library (its hosts, its name service), the rest by its DNS servers. */
import { lookup, resolve } from "node:dns/promises";
import { isIPv4 } from "node:net";
import type { Answer } from "dns-packet";

/** RFC 1035, section 4.1.1 */
export const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export interface HereAnswer {
  readonly rcode: number;
  /** Their names are still to be said. */
  readonly records: readonly Answer[];
}

/** How long it may be remembered, seconds: nobody tells how old it is already. */
const TTL = 10;

/** @param type of the records that are asked for: "A" */
export async function answersHere(name: string, type: string): Promise<HereAnswer> {
  try {
    return { rcode: rcodes.NOERROR, records: await recordsOf(name, type) };
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (code === "ENODATA") return { rcode: rcodes.NOERROR, records: [] };
    return { rcode: code === "ENOTFOUND" ? rcodes.NXDOMAIN : rcodes.SERVFAIL, records: [] };
  }
}

async function recordsOf(name: string, type: string): Promise<Answer[]> {
  const common = { name, ttl: TTL };
  switch (type) {
    case "A":
    case "AAAA": {
      // All of them: a host that has no address of this kind is a host.
      const found = await lookup(name, { all: true, order: "verbatim" });
      return found
        .filter(({ address }) => isIPv4(address) === (type === "A"))
        .map(({ address }) => ({ ...common, type, data: address }));
    }
    case "CNAME":
    case "NS":
    case "PTR":
      return (await resolve(name, type)).map((data) => ({ ...common, type, data }));
    case "TXT":
      return (await resolve(name, type)).map((data) => ({ ...common, type, data }));
    case "MX":
      return (await resolve(name, type)).map(({ exchange, priority }) => ({
        ...common,
        type,
        data: { exchange, preference: priority },
      }));
    case "SRV":
      return (await resolve(name, type)).map(({ name: target, port, priority, weight }) => ({
        ...common,
        type,
        data: { target, port, priority, weight },
      }));
    default:
      return [];
  }
}
