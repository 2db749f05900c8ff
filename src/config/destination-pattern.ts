/**
 * Patterns of what a program connects to: "[tcp://|udp://]WHERE[:PORT[-LAST]]", where WHERE is an address, a network
 * ("10.0.0.0/8", "[2001:db8::]/32"), "localhost" (whatever leads back to the machine), a host's name in which `*` is any
 * text, or nothing or "*" for all; "unix:" and a pattern of paths (pattern.ts), or "unix:@name" of an abstract one.
 */
import { BlockList, isIP, isIPv6 } from "node:net";
import { compilePattern, namePattern, type PatternPlaces } from "./pattern.ts";

export interface CompiledDestination {
  /** Undefined: both. */
  readonly protocol: "tcp" | "udp" | undefined;
  /** Undefined: every address. */
  readonly hasAddress: ((address: string) => boolean) | undefined;
  /** Of a host; lower case, without a dot at its end. */
  readonly hasName: ((name: string) => boolean) | undefined;
  /** It is about the machine's own addresses. */
  readonly isLoopback: boolean;
  readonly ports: readonly [first: number, last: number];
  /** Of Unix sockets alone: a path, or "@name". */
  readonly hasPath: ((path: string) => boolean) | undefined;
}

const LAST_PORT = 65_535;

/** @returns undefined for what is no such pattern */
export function compileDestination(pattern: string, places: PatternPlaces): CompiledDestination | undefined {
  if (pattern.startsWith("unix:")) return unixDestination(pattern.slice("unix:".length), places);
  const [, protocol, rest = ""] = /^(?:(tcp|udp):\/\/)?(.*)$/s.exec(pattern) ?? [];
  const { where, ports } = isIPv6(rest.split("/")[0] ?? "") ? { where: rest, ports: undefined } : splitPorts(rest);
  const range = rangeOf(ports);
  if (range === undefined || (where === "" && ports === undefined)) return undefined;
  const common = { ...nothing, protocol: protocol as "tcp" | "udp" | undefined, ports: range };
  if (where === "" || where === "*") return common;
  const address = where.replace(/^\[(.*)\]/, "$1");
  if (where === "localhost") return { ...common, hasAddress: isLoopback, isLoopback: true };
  if (isIP(address.split("/")[0] ?? "") !== 0) {
    const network = networkOf(address);
    return network && { ...common, hasAddress: network, isLoopback: isLoopback(address.split("/")[0] ?? "") };
  }
  if (!/^[\w*?-]+(?:\.[\w*?-]+)*\.?$/.test(where) || /^[\d.]+$/.test(where)) return undefined;
  return { ...common, hasName: namePattern(hostName(where)) };
}

const nothing: CompiledDestination = {
  protocol: undefined,
  hasAddress: undefined,
  hasName: undefined,
  isLoopback: false,
  ports: [0, LAST_PORT],
  hasPath: undefined,
};

function unixDestination(path: string, places: PatternPlaces): CompiledDestination | undefined {
  if (path.startsWith("@")) return { ...nothing, hasPath: namePattern(path) };
  if (!/^(?:[/^]|~(?:\/|$)|\.(?:\/|$)|\*\*)/.test(path)) return undefined;
  try {
    return { ...nothing, hasPath: compilePattern(path, places).matches };
  } catch {
    return undefined;
  }
}

/** "db:5432", "[::1]/128:80-90" */
function splitPorts(text: string): { readonly where: string; readonly ports: string | undefined } {
  const [, where = "", ports] = /^(\[[^\]]*\](?:\/\d+)?|[^:]*)(?::(.*))?$/s.exec(text) ?? [undefined, text, "?"];
  return { where, ports };
}

function rangeOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return [0, LAST_PORT];
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined || Number(first) > Number(last) || Number(last) > LAST_PORT) return undefined;
  return [Number(first), Number(last)];
}

function networkOf(network: string): ((address: string) => boolean) | undefined {
  const [address = "", bits, ...more] = network.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const most = family === "ipv6" ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (more.length > 0 || !/^\d*$/.test(bits ?? "") || bits === "" || prefix > most) return undefined;
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return (tested) => list.check(tested, isIPv6(tested) ? "ipv6" : "ipv4");
}

/** As names are compared. */
export const hostName = (name: string): string => name.toLowerCase().replace(/\.$/, "");

/** Addresses by which a machine reaches itself; connect(2) takes the unspecified ones for them. */
export const isLoopback = (address: string): boolean =>
  isIPv6(address)
    ? address === "::1" || address === "::" || (address.startsWith("::ffff:") && isLoopback(address.slice(7)))
    : address.startsWith("127.") || address === "0.0.0.0";
