/**
 * How a hook sees the parameters of a call, decided from the kernel's names and C types: for
 * reading them at run time, and for the types that script/generate-hooks writes.
 */
import type { CallSignature, Parameter } from "../linux/calls.ts";
import { argumentScalar } from "../linux/scalar.ts";

/**
 * - `number`: 32 bits and less; sizes, offsets and counts, which are rounded beyond 2⁵³
 * - `bigint`: whatever else fills a register (addresses, masks, what each command of a call means differently)
 * - `string`: ends with a NUL
 * - `pointer`: anything else in memory
 */
export type ArgumentKind = "number" | "bigint" | "string" | "pointer";

/** `const char *` that does not end with a NUL: its length is another parameter. */
const counted: ReadonlySet<string> = new Set([
  "write.buf",
  "pwrite64.buf",
  "mq_timedsend.msg_ptr",
  "kexec_file_load.cmdline_ptr",
]);

/** `char *` that the kernel only reads. */
const read: ReadonlySet<string> = new Set([
  "mount.dev_name",
  "mount.dir_name",
  "mount.type",
  "umount2.name",
  "utime.filename",
  "utimes.filename",
]);

/** As wide as a register and yet never above 2⁵³ where it makes sense. */
const counts: ReadonlySet<string> = new Set(["size_t", "off_t", "loff_t", "long"]);

/** Names of pointer types (include/uapi/linux/capability.h). */
const pointerTypes: ReadonlySet<string> = new Set(["cap_user_header_t", "cap_user_data_t", "const cap_user_data_t"]);

export function argumentKind(call: string, { name, type }: Parameter): ArgumentKind {
  const key = `${call}.${name}`;
  if (type === "const char *") return counted.has(key) ? "pointer" : "string";
  if (type.endsWith("*") || pointerTypes.has(type)) return read.has(key) ? "string" : "pointer";
  return argumentScalar(type).size <= 4 || counts.has(type) ? "number" : "bigint";
}

/** A register as the kernel reads an argument of this C type. */
export function integerOf(type: string, kind: ArgumentKind, register: bigint): number | bigint {
  const value = argumentScalar(type).register(register);
  return kind === "number" ? Number(value) : BigInt(value);
}

/** Where a call's data is: at a pointer, in an iovec's parts, or in those of a struct user_msghdr. */
export interface BufferParameters {
  readonly kind: "plain" | "vector" | "message";
  readonly pointer: number;
  /** Bytes, or parts; −1 for a message, which says it itself. */
  readonly length: number;
}

/** Where a socket's address is, and how long it is or how much room there is for it. */
export interface AddressParameters {
  /** Within a struct user_msghdr. */
  readonly inMessage: boolean;
  readonly pointer: number;
  readonly length: number;
  /** The kernel writes it; `length` points to its size then. */
  readonly isOutput: boolean;
}

/** What a call has that hooks ask for by one name, whatever the kernel calls it: positions of parameters. */
export interface Features {
  readonly path: number | undefined;
  readonly descriptor: number | undefined;
  readonly buffer: BufferParameters | undefined;
  readonly address: AddressParameters | undefined;
}

const descriptors: readonly string[] = [
  "fanotify_fd",
  "fd",
  "fildes",
  "oldfd",
  "epfd",
  "ufd",
  "fd_in",
  "fdin",
  "mqdes",
];

/** Strings that are paths wherever they appear, the first one first. */
const paths: readonly string[] = ["filename", "pathname", "path", "oldname", "from_path", "specialfile", "library"];
/** Calls whose path has a name that is none elsewhere, or that have several. */
const pathOf: Readonly<Record<string, string>> = {
  acct: "name",
  mount: "dir_name",
  name_to_handle_at: "name",
  pivot_root: "new_root",
  quotactl: "special",
  symlink: "new",
  symlinkat: "newname",
  umount2: "name",
};

const openingCalls: ReadonlySet<string> = new Set(["open", "openat", "openat2", "creat"]);

/** Whether hooks of this call can open a file of their own in its place. */
export const canOpen = (call: string): boolean => openingCalls.has(call);

const plainBuffers: readonly (readonly [pointer: string, length: string])[] = [
  ["buf", "count"],
  ["buf", "size"],
  ["buf", "bufsiz"],
  ["buff", "len"],
  ["ubuf", "size"],
  ["dirent", "count"],
  ["value", "size"],
  ["list", "size"],
  ["msg_ptr", "msg_len"],
];

const vectorCalls: ReadonlySet<string> = new Set([
  "readv",
  "writev",
  "preadv",
  "pwritev",
  "preadv2",
  "pwritev2",
  "vmsplice",
]);

const addresses: readonly (readonly [pointer: string, length: string])[] = [
  ["umyaddr", "addrlen"],
  ["uservaddr", "addrlen"],
  ["addr", "addr_len"],
  ["upeer_sockaddr", "upeer_addrlen"],
  ["usockaddr", "usockaddr_len"],
];

/** What a hook of this call can ask for. */
export function featuresOf({ name: call, parameters }: CallSignature): Features {
  const position = (name: string): number | undefined => {
    const found = parameters.findIndex((parameter) => parameter.name === name);
    return found < 0 ? undefined : found;
  };
  const both = (names: readonly (readonly [string, string])[]): readonly [number, number] | undefined => {
    for (const [pointer, length] of names) {
      const [first, second] = [position(pointer), position(length)];
      if (first !== undefined && second !== undefined) return [first, second];
    }
    return undefined;
  };
  const own = pathOf[call];
  const path = (own === undefined ? paths : [own]).map(position).find((found) => found !== undefined);
  return {
    path: path !== undefined && argumentKind(call, parameters[path] as Parameter) === "string" ? path : undefined,
    descriptor: descriptors
      .map(position)
      .find((found) => found !== undefined && argumentKind(call, parameters[found] as Parameter) !== "pointer"),
    buffer: bufferOf(call, both(plainBuffers)),
    address: addressOf(call, both(addresses), parameters),
  };
}

function bufferOf(call: string, plain: readonly [number, number] | undefined): BufferParameters | undefined {
  if (vectorCalls.has(call)) return { kind: "vector", pointer: 1, length: 2 };
  if (call === "sendmsg" || call === "recvmsg") return { kind: "message", pointer: 1, length: -1 };
  return plain === undefined ? undefined : { kind: "plain", pointer: plain[0], length: plain[1] };
}

function addressOf(
  call: string,
  found: readonly [number, number] | undefined,
  parameters: readonly Parameter[],
): AddressParameters | undefined {
  if (call === "sendmsg" || call === "recvmsg")
    return { inMessage: true, pointer: 1, length: -1, isOutput: call === "recvmsg" };
  if (found === undefined) return undefined;
  const [pointer, length] = found;
  return { inMessage: false, pointer, length, isOutput: parameters[length]?.type.endsWith("*") === true };
}
