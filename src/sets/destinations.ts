/**
 * Where a socket leads, as the options of hook sets name it: "127.0.0.1", "10.0.0.0/8:5432",
 * "[::1]:80", "*:443", "*:8000-8999", "*" (any Internet address), a Unix socket's path or pattern
 * ("/run/**"), or its abstract name behind an "@".
 */
import { BlockList, isIP } from "node:net";
import type { SocketAddress } from "../hooks/address.ts";
import { type PathMatcher, pathMatcher } from "./path-patterns.ts";

export interface Destination {
  /** Undefined matches every Internet address. */
  readonly hosts?: BlockList | undefined;
  readonly ports?: readonly [first: number, last: number] | undefined;
  /** Of Unix sockets. */
  readonly path?: PathMatcher;
  readonly abstract?: string;
}

/** @throws TypeError on what is none */
export function parseDestination(text: string): Destination {
  if (text.startsWith("/") || text.startsWith("**")) return { path: pathMatcher(text) };
  if (text.startsWith("@")) return { abstract: text.slice(1) };
  const [, bracketed, plain = "", ports] =
    /^(?:\[([^\]]+)\]|([^:]*|[^[\]]*:[^[\]]*:[^[\]]*))(?::([\d-]+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === "*") return { ports: portsOf(ports) };
  return { hosts: hostsOf(host, text), ports: portsOf(ports) };
}

function hostsOf(host: string, text: string): BlockList {
  const [address = "", prefix] = host.split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (version === 0 || address.includes("%") || !/^\d*$/.test(prefix ?? "") || prefix === "" || length > bits)
    throw new TypeError(
      `"${text}" is no destination: an address, a network (10.0.0.0/8), "*", each with a port if you like, or the path of a Unix socket`,
    );
  const hosts = new BlockList();
  hosts.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
  return hosts;
}

function portsOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [first = NaN, last = first, ...rest] = text.split("-").map((port) => (port === "" ? NaN : Number(port)));
  if (rest.length > 0 || !(first <= last && last <= 65535))
    throw new TypeError(`${text} is neither a port nor a range`);
  return [first, last];
}

/**
 * Whether any of the destinations is this address.
 * @param realPath the real path of a Unix socket's own
 */
export function isDestination(
  destinations: readonly Destination[],
  address: SocketAddress,
  realPath: (path: string) => string | undefined,
): boolean {
  const { host, port, path } = address;
  if (path !== undefined) {
    if (path.startsWith("\0")) return destinations.some(({ abstract }) => abstract === path.slice(1));
    const real = path === "" ? undefined : realPath(path);
    return real !== undefined && destinations.some((each) => each.path?.(real) === true);
  }
  if (host === undefined || port === undefined) return false;
  // A socket of both worlds says ::ffff:127.0.0.1 (RFC 4291, 2.5.5.2).
  const plain = host.replace(/^::ffff:(?=\d+\.)/, "");
  const family = isIP(plain) === 4 ? "ipv4" : "ipv6";
  return destinations.some(
    ({ hosts, ports, path: unix, abstract }) =>
      unix === undefined &&
      abstract === undefined &&
      (hosts === undefined || hosts.check(plain, family)) &&
      (ports === undefined || (ports[0] <= port && port <= ports[1])),
  );
}
