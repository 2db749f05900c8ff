/**
 * Host names as the target finds them: its /etc/hosts, then the servers and domains of its /etc/resolv.conf, asked from its
 * network (hosts(5), resolver(5)). The C library of here knows neither.
 */
import { Resolver } from "node:dns/promises";
import { closeSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { candidates, inHosts, readResolverSettings } from "../linux/resolver-files.ts";
import { internet } from "./endpoints.ts";
import { NetworkService } from "../wire/generated/elsewhere/v1/network_pb.ts";
import type { Connection } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { fail } from "./errno.ts";

/** RFC 1035, section 2.3.4 */
const LONGEST_NAME = 255;
const LOOPBACK = ["127.0.0.1", "::1"];

export function serveResolver(connection: Connection): void {
  connection.on(NetworkService.method.resolve, async ({ name }, signal) => ({
    addresses: (await addressesOf(connection, name, signal)).map(
      (address) => internet(address, 0).ip ?? new Uint8Array(),
    ),
  }));
}

/** @throws Errno ENOENT, EAGAIN */
async function addressesOf(connection: Connection, name: string, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name];
  if (name === "" || name.length > LONGEST_NAME || name.includes("\0")) fail("ENOENT");
  const listed = inHosts(await textOf(connection, "/etc/hosts"), name);
  if (listed.length > 0) return listed;
  if (/^(?:.*\.)?localhost\.?$/i.test(name)) return LOOPBACK; // RFC 6761, section 6.3
  const settings = readResolverSettings(await textOf(connection, "/etc/resolv.conf"));
  const resolver = new Resolver({ timeout: settings.timeout * 1000, tries: settings.attempts });
  resolver.setServers(settings.servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel);
  try {
    return await search(resolver, candidates(name, settings));
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** The first of the names that has addresses. @throws Errno */
async function search(resolver: Resolver, names: readonly string[]): Promise<readonly string[]> {
  let isCertain = true;
  for (const name of names) {
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = found.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    if (addresses.length > 0) return addresses;
    isCertain &&= found.every((each) => each.status === "rejected" && saysNo(each.reason));
  }
  return fail(isCertain ? "ENOENT" : "EAGAIN");
}

/** A server has answered that there is no such name, or that it has no address of this kind. */
const saysNo = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOTFOUND" || error.code === "ENODATA");

/** "" for a file that cannot be read. */
async function textOf({ root, handles }: Connection, path: string): Promise<string> {
  let descriptor: number;
  try {
    descriptor = await root.open({ path: Buffer.from(path), directory: 0n } as never, handles, o.O_CLOEXEC);
  } catch {
    return "";
  }
  try {
    return readFileSync(descriptor, "utf8");
  } catch {
    return "";
  } finally {
    closeSync(descriptor);
  }
}
