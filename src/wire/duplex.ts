import { Duplex } from "node:stream";

/** One stream of two: what a child writes, and what it reads. */
export function joined(readable: NodeJS.ReadableStream, writable: NodeJS.WritableStream): Duplex {
  const pair: { readonly readable: unknown; readonly writable: unknown } = { readable, writable };
  return Duplex.from(pair as unknown as NodeJS.ReadableStream);
}
