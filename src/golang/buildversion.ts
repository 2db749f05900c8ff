/**
 * The Go version of a program that has no build information (esbuild's release build drops
 * it): the variable runtime.buildVersion is a Go string in its data, and a string that is
 * spelled like a Go version and has its address and length side by side in writable data is
 * that variable, unless there are several such.
 */
import type { Address } from "../bytes.ts";
import { PF_W } from "../elf/constants.ts";
import type { Image } from "../elf/image.ts";

const prefix = Buffer.from("go1.", "latin1");
const spelling = /^go1\.\d{1,2}(?:\.\d{1,2}|rc\d|beta\d)?/;
const longest = 16;
/** A program that lists Go releases (the go command) is not searched for ever. */
const mostSearches = 64;

/** "go1.26.5", or undefined where nothing, or more than one thing, says so. */
export function findBuildVersion(image: Image): string | undefined {
  const found = new Set<string>();
  let searches = 0;
  for (const [version, at] of spelledVersions(image)) {
    if (found.has(version)) continue;
    if (++searches > mostSearches) break;
    if (isGoString(image, at, version.length)) found.add(version);
  }
  return found.size === 1 ? [...found][0] : undefined;
}

function* spelledVersions(image: Image): Generator<[version: string, at: Address]> {
  for (const segment of image.loads) {
    const contents = asBuffer(image.contents(segment));
    for (let at = contents.indexOf(prefix); at >= 0; at = contents.indexOf(prefix, at + 1)) {
      const version = spelling.exec(contents.toString("latin1", at, at + longest))?.[0];
      if (version !== undefined) yield [version, image.toAddress(at, segment)];
    }
  }
}

/** Whether writable data holds the address followed by the length. */
function isGoString(image: Image, at: Address, length: number): boolean {
  const header = Buffer.alloc(16);
  header.writeBigUInt64LE(at, 0);
  header.writeBigUInt64LE(BigInt(length), 8);
  return image.loads.some(
    (segment) => (segment.flags & PF_W) !== 0 && asBuffer(image.contents(segment)).includes(header),
  );
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
