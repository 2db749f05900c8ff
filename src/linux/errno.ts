/** Error numbers by name, and their text as strerror(3) gives it (glibc, C locale). Alike on every machine we know. */
import { errors } from "./generated/errno.ts";

const numbers = new Map<string, number>();
const names: (string | undefined)[] = [];
const texts: (string | undefined)[] = [];
for (const [name, [number, text]] of Object.entries(errors)) {
  numbers.set(name, number);
  names[number] = name;
  texts[number] = text;
}

/** "ENOENT" for 2 (or undefined). */
export function errnoName(number: number): string | undefined {
  return names[number];
}

/** "No such file or directory" for 2. */
export function errnoText(number: number): string {
  return texts[number] ?? `Unknown error ${number}`;
}

/** 2 for "ENOENT"; also for second names such as "EWOULDBLOCK". */
export function errnoNumber(name: string): number | undefined {
  return numbers.get(synonyms[name] ?? name);
}

/** asm-generic/errno.h and errno-base.h define these as other names; 95 has its second name in the C library alone. */
const synonyms: Readonly<Record<string, string>> = {
  EWOULDBLOCK: "EAGAIN",
  EDEADLOCK: "EDEADLK",
  ENOTSUP: "EOPNOTSUPP",
};

/** The result register of a failed call holds −errno: the kernel's IS_ERR_VALUE (include/linux/err.h, MAX_ERRNO). */
export const maxErrno = 4095;
