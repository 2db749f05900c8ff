/** What file calls have in common: modes, device numbers, times of files. */
import { nameOf } from "./named.ts";
import { simple, type Format } from "./format.ts";
import { hex, octal, type Decoded, type Integer } from "./value.ts";

/** Set-user-ID, set-group-ID, sticky (include/uapi/linux/stat.h). */
const modeBits = [
  ["S_ISUID", 0o4000],
  ["S_ISGID", 0o2000],
  ["S_ISVTX", 0o1000],
] as const;
const typeMask = 0o17_0000;

/** `S_IFREG|0644`, `S_IFDIR|S_ISVTX|0777`. */
export const fileMode: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(value);
    const type = bits & typeMask;
    const names: string[] = [];
    if (type !== 0) names.push(nameOf(abi.constants.fileType, type) ?? octal(type));
    for (const [name, bit] of modeBits) if (bits & bit) names.push(name);
    names.push(octal(bits & 0o777));
    return { text: names.join("|"), value: bits };
  };

/** `makedev(0x8, 0x1)`: the kernel's new_encode_dev (include/linux/kdev_t.h), as the C library splits it. */
export const device: Format = simple((value) => deviceOf(value));

export function deviceOf(value: Integer): Decoded {
  const [major, minor] =
    value <= 0xffff_ffff
      ? [(Number(value) >>> 8) & 0xfff, (Number(value) & 0xff) | ((Number(value) >>> 12) & 0xf_ff00)]
      : wideDevice(BigInt(value));
  return { text: `makedev(${hex(major)}, ${hex(minor)})`, value: { major, minor } };
}

/** The C library has room for numbers that the kernel does not give out. */
const wideDevice = (encoded: bigint): [major: number, minor: number] => [
  Number(((encoded >> 8n) & 0xfffn) | ((encoded >> 32n) & 0xffff_f000n)),
  Number((encoded & 0xffn) | ((encoded >> 12n) & 0xffff_ff00n)),
];

export const isDevice = (mode: number): boolean => {
  const type = mode & typeMask;
  return type === 0o2_0000 || type === 0o6_0000;
};

/** `1970-01-01T00:00:01.000000002+0000`, in UTC. */
export function dateText(seconds: number, fraction: number, digits: number): string | undefined {
  if ((seconds === 0 && fraction === 0) || Math.abs(seconds) > 8.6e12 || fraction < 0 || fraction >= 10 ** digits)
    return undefined;
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${date}${fraction === 0 ? "" : `.${fraction.toString().padStart(digits, "0")}`}+0000`;
}
