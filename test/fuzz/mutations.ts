/**
 * Damage to files, as fast-check arbitraries: single bits, values that readers stumble over
 * written over fields, blocks moved, ends cut off; most of it aimed at where the file's
 * structure is, the rest anywhere.
 */
import { type Arbitrary, array, bigInt, constantFrom, integer, oneof, record } from "fast-check";

/** A part of a file that is worth damaging. */
export interface Target {
  readonly offset: number;
  readonly size: number;
}

export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "write"; readonly at: number; readonly size: number; readonly value: bigint }
  | { readonly kind: "copy"; readonly from: number; readonly to: number; readonly size: number }
  | { readonly kind: "cut"; readonly length: number };

const field = 8;

/**
 * One to four mutations of a file of this length.
 * @param strayPercent how many of them are aimed at nothing
 */
export function mutations(
  length: number,
  targets: readonly Target[],
  strayPercent = 10,
): Arbitrary<readonly Mutation[]> {
  const anywhere = integer({ min: 0, max: Math.max(0, length - field) });
  const aimed = oneof(
    ...targets.map(({ offset, size }) => ({
      weight: 1,
      arbitrary: integer({ min: offset, max: Math.max(offset, Math.min(offset + size, length) - 1) }),
    })),
  );
  const at = oneof({ weight: 100 - strayPercent, arbitrary: aimed }, { weight: strayPercent, arbitrary: anywhere });
  const alignedAt = at.map((offset) => offset - (offset % 4));
  const size = constantFrom(1, 2, 4, 8);
  return array(
    oneof(
      { weight: 3, arbitrary: record({ kind: kind("flip"), at, bit: integer({ min: 0, max: 7 }) }) },
      { weight: 6, arbitrary: record({ kind: kind("write"), at: alignedAt, size, value: awkwardValue(length) }) },
      { weight: 1, arbitrary: record({ kind: kind("copy"), from: at, to: at, size: integer({ min: 1, max: 64 }) }) },
      { weight: 1, arbitrary: record({ kind: kind("cut"), length: oneof(at, integer({ min: 0, max: length })) }) },
    ),
    { minLength: 1, maxLength: 4 },
  );
}

function kind<T extends string>(name: T): Arbitrary<T> {
  return constantFrom(name);
}

/** Limits of number types and of the file, their neighbours, and anything. */
function awkwardValue(length: number): Arbitrary<bigint> {
  const limits = [0n, 8n, 64n, BigInt(length), 1n << 16n, 1n << 31n, 1n << 32n, 1n << 53n, 1n << 63n, 1n << 64n];
  const near = record({ limit: constantFrom(...limits), by: constantFrom(-8n, -1n, 0n, 1n, 8n) });
  return oneof(
    { weight: 4, arbitrary: near.map(({ limit, by }) => BigInt.asUintN(64, limit + by)) },
    { weight: 2, arbitrary: bigInt({ min: 0n, max: BigInt(length) }) },
    { weight: 1, arbitrary: bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
  );
}

/**
 * Calls `look` with the damaged bytes, and mends them afterwards: copying a file of a
 * megabyte for every case would take longer than reading it.
 */
export function damaged<T>(bytes: Uint8Array, list: readonly Mutation[], look: (bytes: Uint8Array) => T): T {
  const undo: (() => void)[] = [];
  const write = (at: number, patch: Uint8Array): void => {
    const fits = patch.subarray(0, Math.max(0, bytes.length - at));
    const before = bytes.slice(at, at + fits.length);
    bytes.set(fits, at);
    undo.push(() => bytes.set(before, at));
  };
  let { length } = bytes;
  for (const mutation of list) {
    switch (mutation.kind) {
      case "flip":
        write(mutation.at, Uint8Array.of((bytes[mutation.at] ?? 0) ^ (1 << mutation.bit)));
        break;
      case "write":
        write(mutation.at, littleEndian(mutation.value).subarray(0, mutation.size));
        break;
      case "copy":
        write(mutation.to, bytes.slice(mutation.from, mutation.from + mutation.size));
        break;
      case "cut":
        length = Math.min(length, mutation.length);
    }
  }
  try {
    return look(bytes.subarray(0, length));
  } finally {
    for (const mend of undo.toReversed()) mend();
  }
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(field);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
