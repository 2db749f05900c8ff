/** Where a stream socket is to be connected to, as the program says it, and whether that is in the target. */
import { posix } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OutgoingPolicy } from "../../config/outgoing.ts";
import type { FilePolicy } from "../../config/policy.ts";
import type { HookCall } from "../../hooks/types.ts";
import type { EndpointSchema } from "../../wire/generated/elsewhere/v1/network_pb.ts";
import { error } from "../errors.ts";
import { normal } from "../locate.ts";
import { internetOf } from "./addresses.ts";
import type { OwnListeners } from "./own-listeners.ts";
import { isStreamFor, isUnixStream, type SocketKind } from "./socket-kind.ts";

export interface Rules {
  readonly policy: Pick<OutgoingPolicy, "decide">;
  /** Decides about the paths of Unix sockets; without it they are local. */
  readonly files?: Pick<FilePolicy, "decide"> | undefined;
  readonly listeners: OwnListeners;
}

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
  rules: Rules,
  kind: SocketKind | undefined,
): RemoteEndpoint | number | undefined {
  const { address } = call;
  if (address === undefined) return undefined;
  if (address.family === "AF_UNIX") return isUnixStream(kind) ? unixDestination(call, address.bytes, rules) : undefined;
  const value = internetOf(address);
  const { host = "", port = 0 } = address;
  if (value === undefined || !isStreamFor(address, kind) || rules.listeners.has(host, port)) return undefined;
  const { mode } = rules.policy.decide({ protocol: "tcp", address: host, port });
  return mode === "local" ? undefined : { kind: { case: "internet", value } };
}

function unixDestination(
  call: HookCall<"connect">,
  address: Uint8Array,
  { files, listeners }: Rules,
): RemoteEndpoint | number | undefined {
  const name = nameOf(address);
  const value = Buffer.from(name, "hex");
  if (files === undefined || value.length === 0 || listeners.hasName(name)) return undefined;
  if (value[0] === 0) return { kind: { case: "unix", value } };
  const path = posix.resolve(call.process.cwd, value.toString());
  const { mode } = files.decide(normal(path));
  if (mode === "local") return undefined;
  return mode === "absent" ? error("ENOENT") : { kind: { case: "unix", value: Buffer.from(path) } };
}
