/** Little-endian numbers in bytes, and registers seen as C types: as numbers wherever they are exact. */

/** A register or a field: a number while it is exact, a bigint beyond. */
export type Integer = number | bigint;

/** The bounds are the caller's: a structure is read whole or not at all. */
const at = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0;

export const u16 = (bytes: Uint8Array, offset: number): number => at(bytes, offset) | (at(bytes, offset + 1) << 8);

export const i32 = (bytes: Uint8Array, offset: number): number =>
  at(bytes, offset) | (at(bytes, offset + 1) << 8) | (at(bytes, offset + 2) << 16) | (at(bytes, offset + 3) << 24);

export const u32 = (bytes: Uint8Array, offset: number): number => i32(bytes, offset) >>> 0;

export function u64(bytes: Uint8Array, offset: number): Integer {
  const high = u32(bytes, offset + 4);
  const low = u32(bytes, offset);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
}

export function i64(bytes: Uint8Array, offset: number): Integer {
  const high = i32(bytes, offset + 4);
  const low = u32(bytes, offset);
  return high < 0x20_0000 && high >= -0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** How a scalar is read: sign and width. */
export interface Scalar {
  readonly size: number;
  read(bytes: Uint8Array, offset: number): Integer;
  /** The same of a register, whose upper bits the kernel ignores for narrow types. */
  register(value: bigint): Integer;
}

const safe = BigInt(Number.MAX_SAFE_INTEGER);

const scalars: Readonly<Record<string, Scalar>> = {
  u8: { size: 1, read: at, register: (value) => Number(value & 0xffn) },
  i8: {
    size: 1,
    read: (bytes, offset) => (at(bytes, offset) << 24) >> 24,
    register: (value) => Number(BigInt.asIntN(8, value)),
  },
  u16: { size: 2, read: u16, register: (value) => Number(value & 0xffffn) },
  i16: {
    size: 2,
    read: (bytes, offset) => (u16(bytes, offset) << 16) >> 16,
    register: (value) => Number(BigInt.asIntN(16, value)),
  },
  u32: { size: 4, read: u32, register: (value) => Number(value & 0xffff_ffffn) },
  i32: { size: 4, read: i32, register: (value) => Number(value & 0xffff_ffffn) | 0 },
  u64: { size: 8, read: u64, register: (value) => (value <= safe ? Number(value) : value) },
  i64: {
    size: 8,
    read: i64,
    register: (value) => {
      const signed = BigInt.asIntN(64, value);
      return signed <= safe && signed >= -safe ? Number(signed) : signed;
    },
  },
  pointer: { size: 8, read: u64, register: (value) => value },
};

/** By the names that layouts use: "u32", "i64", "pointer"; undefined for structures and arrays. */
export const scalar = (type: string): Scalar | undefined => scalars[type === "char" ? "u8" : type];

/** C types of call arguments; any other is a pointer or as wide as a register. */
const cTypes: Readonly<Record<string, string>> = {
  int: "i32",
  long: "i64",
  "unsigned int": "u32",
  "unsigned long": "u64",
  size_t: "u64",
  u32: "u32",
  __u32: "u32",
  uint32_t: "u32",
  __s32: "i32",
  u64: "u64",
  loff_t: "i64",
  off_t: "i64",
  umode_t: "u16",
  pid_t: "i32",
  uid_t: "u32",
  gid_t: "u32",
  qid_t: "u32",
  clockid_t: "i32",
  timer_t: "i32",
  key_t: "i32",
  key_serial_t: "i32",
  mqd_t: "i32",
  rwf_t: "i32",
  aio_context_t: "u64",
};

/** How an argument of a C type is read from its register. */
export function argumentScalar(type: string): Scalar {
  const name = type.endsWith("*") ? "pointer" : type.startsWith("enum ") ? "u32" : (cTypes[type] ?? "u64");
  return scalars[name] as Scalar;
}
