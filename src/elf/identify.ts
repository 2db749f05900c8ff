/**
 * Says what a file is that this tool cannot use: everything but an ELF64 little-endian
 * executable gets its own message, because what the user can do about it differs.
 * Magic numbers: gABI chapter 4; file(1)'s magic database for the others.
 */
import { ElsewhereError, type ErrorCode, exitCodes } from "../errors.ts";
import {
  EI_CLASS,
  EI_DATA,
  EI_VERSION,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  EV_CURRENT,
} from "./constants.ts";

/** First bytes of files that people mistake for programs of this system. */
const foreignFormats: readonly (readonly [magic: readonly number[], name: string])[] = [
  [[0xfe, 0xed, 0xfa, 0xce], "a Mach-O file (a macOS program)"],
  [[0xfe, 0xed, 0xfa, 0xcf], "a Mach-O file (a macOS program)"],
  [[0xce, 0xfa, 0xed, 0xfe], "a Mach-O file (a macOS program)"],
  [[0xcf, 0xfa, 0xed, 0xfe], "a Mach-O file (a macOS program)"],
  [[0xca, 0xfe, 0xba, 0xbe], "a universal Mach-O file or a Java class"],
  [[0x4d, 0x5a], "a PE file (a Windows program)"],
  [[0x1f, 0x8b], "compressed with gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "compressed with xz"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive"],
  [[0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a], "an ar archive (a static library or a .deb package)"],
  [[0x00, 0x61, 0x73, 0x6d], "a WebAssembly module"],
];

const elfMagic = [0x7f, 0x45, 0x4c, 0x46] as const;
const longestInterpreterLine = 256;

/** Throws unless `bytes` begin as an ELF64 little-endian file. */
export function requireElf64(bytes: Uint8Array, path: string): void {
  if (bytes.length === 0) throw refusal("not-elf", `${path} is empty`);
  if (startsWith(bytes, [0x23, 0x21])) throw scriptRefusal(bytes, path);
  if (!startsWith(bytes, elfMagic)) {
    const foreign = foreignFormats.find(([magic]) => startsWith(bytes, magic));
    throw refusal("not-elf", `${path} is ${foreign?.[1] ?? "not an ELF file"}`, [`begins with: ${firstBytes(bytes)}`]);
  }
  const elfClass = bytes[EI_CLASS];
  const data = bytes[EI_DATA];
  const version = bytes[EI_VERSION];
  if (elfClass === undefined || data === undefined || version === undefined)
    throw refusal("elf-malformed", `${path} ends inside its ELF header`, [`${bytes.length} bytes in all`]);
  if (elfClass === ELFCLASS32)
    throw refusal("elf-unsupported", `${path} is a 32-bit program`, [], "build it for a 64-bit CPU");
  if (elfClass !== ELFCLASS64)
    throw refusal("elf-malformed", `${path} has an unknown ELF class`, [`EI_CLASS is ${elfClass}`]);
  if (data === ELFDATA2MSB) throw refusal("elf-unsupported", `${path} is a big-endian program`);
  if (data !== ELFDATA2LSB) throw refusal("elf-malformed", `${path} has an unknown byte order`, [`EI_DATA is ${data}`]);
  if (version !== EV_CURRENT)
    throw refusal("elf-malformed", `${path} has an unknown ELF version`, [`EI_VERSION is ${version}`]);
}

/** An error about a file that cannot be run hooked. */
export function refusal(
  code: ErrorCode,
  message: string,
  context: readonly string[] = [],
  hint?: string,
): ElsewhereError {
  return new ElsewhereError({
    code,
    message,
    context,
    exitCode: exitCodes.cannotRun,
    ...(hint === undefined ? {} : { hint }),
  });
}

function scriptRefusal(bytes: Uint8Array, path: string): ElsewhereError {
  const line = bytes.subarray(2, longestInterpreterLine);
  const end = line.indexOf(0x0a);
  const interpreter = new TextDecoder().decode(end < 0 ? line : line.subarray(0, end)).trim();
  return refusal(
    "script",
    `${path} is a script`,
    [`its interpreter: ${interpreter}`],
    "name the program that the script starts instead",
  );
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

const firstBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, 8))
    .toString("hex")
    .replaceAll(/..(?=.)/g, "$& ");
