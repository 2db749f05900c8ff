/** Addresses on the wire, and as node:net has them. */
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ipv4, ipv4Bytes, ipv6, ipv6Bytes } from "../linux/inet.ts";
import type { Internet, InternetSchema } from "../wire/generated/elsewhere/v1/network_pb.ts";
import { fail } from "./errno.ts";

/** @throws Errno EINVAL for what is no address */
export function hostOf({ ip, scopeId }: Internet): string {
  if (ip.length === 4) return ipv4(ip, 0);
  if (ip.length !== 16) return fail("EINVAL");
  const zone = scopeId === 0 ? undefined : interfaceName(scopeId);
  return zone === undefined ? ipv6(ip, 0) : `${ipv6(ip, 0)}%${zone}`;
}

const interfaceName = (index: number): string | undefined =>
  Object.entries(networkInterfaces()).find(([, all]) =>
    all?.some((each) => each.family === "IPv6" && each.scopeid === index),
  )?.[0];

/** @param host "192.0.2.1", "2001:db8::1", "fe80::1%eth0" */
export function internet(host: string, port: number): MessageInitShape<typeof InternetSchema> {
  const [address = "", zone] = host.split("%");
  if (!isIPv6(address)) return { ip: ipv4Bytes(address), port };
  const scopeId =
    zone === undefined ? 0 : (networkInterfaces()[zone]?.find((each) => each.family === "IPv6")?.scopeid ?? 0);
  return { ip: ipv6Bytes(address), port, scopeId };
}
