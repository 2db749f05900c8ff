/** Internet addresses as bytes in network order and as text, as inet_ntop(3) and inet_pton(3) have them. */

export const beU16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const beU32 = (bytes: Uint8Array, at: number): number => ((beU16(bytes, at) << 16) | beU16(bytes, at + 2)) >>> 0;

export const ipv4 = (bytes: Uint8Array, at: number): string => bytes.subarray(at, at + 4).join(".");

/** As inet_ntop(3): the first of the longest runs of zeros, of two groups or more, is left out. */
export function ipv6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => beU16(bytes, at + 2 * index));
  let [start, length] = [-1, 1];
  for (let from = 0; from < 8; from++) {
    let end = from;
    while (end < 8 && groups[end] === 0) end++;
    if (end - from > length) [start, length] = [from, end - from];
  }
  const isV4 = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const write = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (isV4) return `::${length === 5 ? "ffff:" : ""}${ipv4(bytes, at + 12)}`;
  return start < 0 ? write(groups) : `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`;
}

/** "192.0.2.1" → four bytes. */
export const ipv4Bytes = (text: string): Uint8Array => Uint8Array.from(text.split("."), Number);

/** "2001:db8::1", "::ffff:192.0.2.1" → sixteen bytes. @param text what `node:net` calls an IPv6 address, no zone */
export function ipv6Bytes(text: string): Uint8Array {
  const lastColon = text.lastIndexOf(":") + 1;
  const dotted = text.includes(".") ? ipv4Bytes(text.slice(lastColon)) : undefined;
  const plain =
    dotted === undefined
      ? text
      : `${text.slice(0, lastColon)}${beU16(dotted, 0).toString(16)}:${beU16(dotted, 2).toString(16)}`;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
