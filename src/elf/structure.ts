/**
 * A binary structure, declared once: a table of fields, each with its offset and its
 * kind. The reader and the writer both come from that table, so that they cannot disagree.
 * Holes in the table (e_ident, e_version) are left alone by the writer.
 */
import { type Address, address, type ByteView, type FileOffset, fileOffset } from "../bytes.ts";

/** How one kind of field is read and written. */
export interface Kind<T> {
  readonly size: number;
  read(view: ByteView, at: number): T;
  write(data: DataView, at: number, value: T): void;
}

/** One field: where it stands and what kind it is. */
export type Field<T> = readonly [offset: number, kind: Kind<T>];

export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };

export interface Structure<T> {
  /** In bytes. */
  readonly size: number;
  read(view: ByteView, at: number): T;
  /** Writes the declared fields of `value` over `bytes`, from `at` on. */
  write(bytes: Uint8Array, at: number, value: T): void;
}

export const u16: Kind<number> = {
  size: 2,
  read: (view, at) => view.u16(at),
  write: (data, at, value) => data.setUint16(at, value, true),
};

export const u32: Kind<number> = {
  size: 4,
  read: (view, at) => view.u32(at),
  write: (data, at, value) => data.setUint32(at, value, true),
};

export const u64: Kind<bigint> = {
  size: 8,
  read: (view, at) => view.u64(at),
  write: (data, at, value) => data.setBigUint64(at, value, true),
};

/** A 64-bit field that counts bytes of a file: a number, refused where it cannot be exact. */
export const size64: Kind<number> = {
  size: 8,
  read(view, at) {
    const value = view.u64(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw view.error(at, "a size below 2^53", `0x${value.toString(16)}`);
    return Number(value);
  },
  write: (data, at, value) => data.setBigUint64(at, BigInt(value), true),
};

export const address64: Kind<Address> = {
  size: 8,
  read: (view, at) => address(view.u64(at)),
  write: u64.write,
};

export const offset64: Kind<FileOffset> = {
  size: 8,
  read: (view, at) => fileOffset(size64.read(view, at)),
  write: size64.write,
};

/** Makes the reader and the writer of a structure of `size` bytes from its fields. */
export function structure<T extends object>(size: number, fields: Fields<T>): Structure<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    size,
    read(view, at) {
      const value: Partial<T> = {};
      for (const name of names) {
        const [offset, kind] = fields[name];
        value[name] = kind.read(view, at + offset);
      }
      return value as T;
    },
    write(bytes, at, value) {
      const data = new DataView(bytes.buffer, bytes.byteOffset + at, size);
      for (const name of names) {
        const [offset, kind] = fields[name];
        kind.write(data, offset, value[name]);
      }
    },
  };
}
