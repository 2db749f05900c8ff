/**
 * Recognises programs packed with UPX: they unpack themselves into memory at start, so the
 * code in the file is not the code that runs. UPX puts an l_info (l_checksum, l_magic "UPX!",
 * l_lsize, l_version, l_format) behind the program headers, and a PackHeader with the same magic
 * at the end of the file; a section table it writes only to preserve a build id. Source: upx,
 * src/stub/src/include/linux.h; header.ash for the PackHeader.
 */
import type { ElfHeader } from "./layout.ts";
import { refusal } from "./identify.ts";

const magic = Buffer.from("UPX!", "latin1");
/** How far behind the program headers l_info is looked for: a note may stand between. */
const headWindow = 512;
/** PackHeader (32 bytes) and what follows it. */
const tailWindow = 64;

/** Throws "packed" when the program is packed with UPX. */
export function refuseUpx(bytes: Uint8Array, path: string, header: ElfHeader): void {
  const headersEnd = header.phoff + header.phnum * header.phentsize;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const inHead = file.subarray(headersEnd, headersEnd + headWindow).includes(magic);
  const inTail = header.shnum === 0 && file.subarray(-tailWindow).includes(magic);
  if (inHead || inTail)
    throw refusal("packed", `${path} is packed with UPX`, [], `unpack a copy first: upx -d -o COPY ${path}`);
}
