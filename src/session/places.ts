/** Places in the target, as the agent is told of them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { u16 } from "../linux/scalar.ts";
import type { PlaceSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { RemotePlace } from "./remote-file.ts";

const SLASH = 0x2f;
/** Where struct statx (include/uapi/linux/stat.h) has stx_mode. */
const MODE = 28;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const ROOT = Buffer.from("/");

export const bytesOf = (text: Uint8Array | string): Uint8Array => (typeof text === "string" ? Buffer.from(text) : text);

/** @param generation of the connection that it is told on @throws Unusable */
export function messageOf({ directory, path }: RemotePlace, generation: number): MessageInitShape<typeof PlaceSchema> {
  return { directory: directory?.handleIn(generation) ?? 0n, path: bytesOf(path) };
}

/** From the target's root, where that is known. */
export function pathOf({ directory, path }: RemotePlace): Uint8Array | undefined {
  const own = bytesOf(path);
  if (own.length === 0) return directory?.path;
  if (own[0] === SLASH) return own;
  if (directory === undefined) return Buffer.concat([Buffer.from("/"), own]);
  return directory.path && Buffer.concat([directory.path, Buffer.from("/"), own]);
}

/** What the agent says of where an opened directory is; undefined of everything else. @param statx of what was opened */
export function directoryOf(statx: Uint8Array, path: Uint8Array): Uint8Array | undefined {
  if ((u16(statx, MODE) & S_IFMT) !== S_IFDIR) return undefined;
  return path.length === 0 ? ROOT : path;
}
