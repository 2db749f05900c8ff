/**
 * Go build information: which Go built the program, from which module, with which settings.
 * Two formats: before Go 1.18 a header with pointers to two Go strings; since then the strings
 * follow the header, each after its length. Source: debug/buildinfo/buildinfo.go and
 * runtime/debug/mod.go of Go 1.17 and 1.27; cmd/link/internal/ld/data.go, buildinfo.
 *
 * A program may hide its version (-ldflags=-X=runtime.buildVersion=…; garble writes "unknown"):
 * then it is still a Go program, of an unknown version.
 */
import { type Address, address, ByteView } from "../bytes.ts";
import { PF_W } from "../elf/constants.ts";
import { sectionNamed } from "../elf/elf.ts";
import type { Image } from "../elf/image.ts";
import { ElsewhereError } from "../errors.ts";
import { type ModuleInfo, noModuleInfo, parseModuleInfo } from "./moduleinfo.ts";

export interface BuildInfo extends ModuleInfo {
  /** "go1.26.4", "devel go1.28-…"; undefined where it is hidden. */
  readonly version: string | undefined;
}

const sectionName = ".go.buildinfo";
const magic = Buffer.from("\xff Go buildinf:", "latin1");
const alignment = 16;
const headerSize = 32;
/** At these offsets of the header. */
const fields = { ptrSize: 14, flags: 15, versPtr: 16, modPtr: 24 } as const;
const flagBigEndian = 1;
const flagInline = 2;
/** Go strings longer than this are not build information; the module list of a huge program is 100 KiB. */
const longestString = 4 << 20;
/** The module information stands between two 16-byte marks, so that tools can find it. */
const markSize = 16;

/**
 * @returns undefined when the program has none, or one that no Go linker writes
 */
export function readBuildInfo(image: Image): BuildInfo | undefined {
  for (const [view, at] of headers(image)) {
    try {
      const [version, modules] = readStrings(image, view.view(at, view.length - at, "build information"));
      return { version: shownVersion(version), ...parseFramed(modules) };
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
    }
  }
  return undefined;
}

/** Every place where the magic stands, most likely first. */
function* headers(image: Image): Generator<[view: ByteView, at: number]> {
  const section = sectionNamed(image.elf, sectionName);
  const inSection = section === undefined ? undefined : image.segmentOf(section.addr);
  if (section !== undefined && inSection !== undefined)
    yield* headersIn(image.contents(inSection), Number(section.addr - inSection.vaddr));
  for (const segment of image.loads.toSorted((a, b) => (b.flags & PF_W) - (a.flags & PF_W)))
    yield* headersIn(image.contents(segment), 0);
}

function* headersIn(contents: Uint8Array, from: number): Generator<[view: ByteView, at: number]> {
  const view = new ByteView(contents, "Go build information", "go-malformed");
  const haystack = Buffer.from(contents.buffer, contents.byteOffset, contents.length);
  for (let at = haystack.indexOf(magic, from); at >= 0; at = haystack.indexOf(magic, at + 1))
    if (at % alignment === 0) yield [view, at];
}

function readStrings(image: Image, view: ByteView): [version: string, modules: string] {
  const flags = view.u8(fields.flags);
  if ((flags & flagInline) !== 0) {
    const [version, next] = inlineString(view, headerSize);
    const [modules] = inlineString(view, next);
    return [version, modules];
  }
  if ((flags & flagBigEndian) !== 0 || view.u8(fields.ptrSize) !== 8)
    throw view.error(
      fields.ptrSize,
      "8-byte little-endian pointers",
      `size ${view.u8(fields.ptrSize)}, flags ${flags}`,
    );
  return [goString(image, address(view.u64(fields.versPtr))), goString(image, address(view.u64(fields.modPtr)))];
}

/** A string after its length as a varint: seven bits a byte, least significant first. */
function inlineString(view: ByteView, at: number): [text: string, next: number] {
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = view.u8(at++);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift > 28) throw view.error(at, "the length of a string", "a larger number");
  }
  return [textOf(view, at, length), at + length];
}

/** The Go string (pointer, length) at `header`; "" for a null pointer. */
function goString(image: Image, header: Address): string {
  if (header === 0n) return "";
  const data = address(image.u64(header));
  const length = Number(image.u64(address(header + 8n)));
  return length === 0 ? "" : textOf(image.loaded(data, length, "a Go string"), 0, length);
}

function textOf(view: ByteView, at: number, length: number): string {
  if (length > longestString) throw view.error(at, `a string of at most ${longestString} bytes`, `${length}`);
  return new TextDecoder().decode(view.view(at, length, "a string").bytes);
}

const shownVersion = (version: string): string | undefined => (/^(go\d|devel\b)/.test(version) ? version : undefined);

function parseFramed(modules: string): ModuleInfo {
  const framed = modules.length > 2 * markSize && modules.at(-markSize - 1) === "\n";
  return framed ? parseModuleInfo(modules.slice(markSize, -markSize)) : noModuleInfo;
}
