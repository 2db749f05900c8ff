/** Where a stream socket is to be connected to, as the program says it, and whether that is in the target. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BaseCall, HookCall } from "../../hooks/types.ts";
import type { EndpointSchema } from "../../wire/generated/elsewhere/v1/network_pb.ts";
import { internetOf } from "./addresses.ts";
import type { Route, Routing } from "./routing.ts";
import { isStreamFor, isUnixStream, type SocketKind } from "./socket-kind.ts";

export type RemoteEndpoint = MessageInitShape<typeof EndpointSchema>;

/** sun_path without what a path ends with, hexadecimal. */
export function nameOf(address: Uint8Array): string {
  const name = Buffer.from(address.subarray(2));
  const end = name[0] === 0 ? -1 : name.indexOf(0);
  return (end < 0 ? name : name.subarray(0, end)).toString("hex");
}

/**
 * @param kind of the socket
 * @returns undefined where it is the kernel's business here, or −errno
 */
export function destinationOf(
  call: HookCall<"connect">,
  routing: Routing,
  kind: SocketKind | undefined,
): RemoteEndpoint | number | undefined {
  const { address } = call;
  if (address === undefined) return undefined;
  if (address.family === "AF_UNIX") {
    const to = isUnixStream(kind) ? unixDestination(call, address.bytes, routing) : undefined;
    return typeof to === "object" ? { kind: to } : to;
  }
  const value = internetOf(address);
  const { host = "", port = 0 } = address;
  if (value === undefined || !isStreamFor(address, kind)) return undefined;
  const route = routing.internet(call.tid, "tcp", host, port);
  return route === "remote" ? { kind: { case: "internet", value } } : here(route);
}

const here = (route: Exclude<Route, "remote">): number | undefined => (route === "local" ? undefined : route);

/**
 * Where a Unix socket's name leads.
 * @returns undefined where it is the kernel's business here, or −errno
 */
export function unixDestination(
  call: Pick<BaseCall, "tid" | "process">,
  address: Uint8Array,
  routing: Routing,
): Extract<RemoteEndpoint["kind"], { case: "unix" }> | number | undefined {
  const name = nameOf(address);
  const value = Buffer.from(name, "hex");
  if (value.length === 0) return undefined;
  const isAbstract = value[0] === 0;
  const path = isAbstract ? `@${value.subarray(1).toString()}` : routing.absolute(call, value.toString());
  const route = routing.unix(call.tid, path, name);
  if (route !== "remote") return here(route);
  return { case: "unix", value: isAbstract ? value : Buffer.from(path) };
}
