/**
 * Recognises programs packed with UPX: they unpack themselves into memory at start, so the
 * code in the file is not the code that runs. UPX writes no section table and an l_info
 * structure (l_checksum, l_magic "UPX!", …) right behind the program headers, and a PackHeader
 * with the same magic near the end of the file. Source: upx, src/stub/src/include/linux.h
 * and src/packhead.cpp (4.2).
 */
import type { ElfHeader } from "./layout.ts";
import { refusal } from "./identify.ts";

const magic = Buffer.from("UPX!", "latin1");
/** How far behind the program headers l_info is looked for: newer releases put notes between. */
const headWindow = 512;
/** PackHeader (32 bytes) and what follows it. */
const tailWindow = 64;

/** Throws "packed" when the program is packed with UPX. */
export function refuseUpx(bytes: Uint8Array, path: string, header: ElfHeader): void {
  if (header.shnum !== 0) return;
  const headersEnd = header.phoff + header.phnum * header.phentsize;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const inHead = file.subarray(headersEnd, headersEnd + headWindow).includes(magic);
  const inTail = file.subarray(-tailWindow).includes(magic);
  if (inHead || inTail)
    throw refusal("packed", `${path} is packed with UPX`, [], `unpack a copy first: upx -d -o COPY ${path}`);
}
