/** Calls that transfer less than they were asked to, as the kernel may do it at any time. */
import type { AnyCall, CallName } from "../hooks/types.ts";
import { u64 } from "../linux/scalar.ts";

/** The argument that says how many bytes. */
const counts: Readonly<Partial<Record<CallName, string>>> = {
  read: "count",
  write: "count",
  pread64: "count",
  pwrite64: "count",
  recvfrom: "size",
  sendto: "len",
  sendfile: "count",
  splice: "len",
  copy_file_range: "len",
};
const vectors: ReadonlySet<string> = new Set(["readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2"]);

/** sizeof(struct iovec) */
const IOVEC = 16;
/** UIO_MAXIOV (include/uapi/linux/uio.h) */
const MAX_PARTS = 1024;

export const canBeShort = (name: CallName): boolean =>
  counts[name] !== undefined || vectors.has(name) || name === "sendmsg";

/** Bytes that the call asks for. */
export function askedBytes(call: AnyCall): number {
  const count = counts[call.name];
  return count === undefined ? (call.buffer?.length ?? 0) : Number(call.args[count]);
}

/** Lets the rest happen with at most `bytes` bytes to transfer. */
export function proceedShort(call: AnyCall, bytes: number): Promise<number | null> {
  if (askedBytes(call) <= bytes) return call.proceed();
  const count = counts[call.name];
  if (count !== undefined) return call.proceed({ [count]: bytes });
  if (!vectors.has(call.name)) return call.proceed({ buffer: call.buffer?.read(bytes) ?? "" });
  const parts = shortVector(call, bytes);
  return call.proceed({ vec: parts, vlen: parts.length / IOVEC });
}

/** The iovec's first parts, the last of them cut. */
function shortVector(call: AnyCall, bytes: number): Uint8Array {
  const count = Math.min(Number(call.args["vlen"]), MAX_PARTS);
  const parts = Buffer.from(call.at(call.registers[1] ?? 0n).read(count * IOVEC));
  let left = bytes;
  let end = 0;
  for (; end < parts.length && left > 0; end += IOVEC) {
    const length = Math.min(Number(u64(parts, end + 8)), left);
    parts.writeBigUInt64LE(BigInt(length), end + 8);
    left -= length;
  }
  return parts.subarray(0, end);
}
