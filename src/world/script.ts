/** Scripts: what the kernel makes of a file that begins with `#!` (fs/binfmt_script.c, load_script). */

export interface Interpreter {
  /** As the script writes it. */
  readonly path: string;
  readonly argument: Uint8Array | undefined;
}

/** BINPRM_BUF_SIZE (include/uapi/linux/binfmts.h): as much of a file as the kernel looks at. */
const LOOKED_AT = 256;
const [TAB, NEWLINE, SPACE] = [0x09, 0x0a, 0x20];
const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

/** @returns undefined where it is no script; "broken" where it is one that cannot be started: ENOEXEC */
export function interpreterOf(file: Uint8Array): Interpreter | "broken" | undefined {
  const head = Buffer.from(file.subarray(0, LOOKED_AT));
  if (head.toString("latin1", 0, 2) !== "#!") return undefined;
  const newline = head.indexOf(NEWLINE);
  let end = newline < 0 ? head.length : newline;
  let start = 2;
  while (start < end && isBlank(head[start])) start++;
  let stop = start;
  while (stop < end && !isBlank(head[stop]) && head[stop] !== 0) stop++;
  // Nothing at all behind it names the working directory, which the kernel then finds to be no program.
  if (newline < 0 && start === head.length && head.length < LOOKED_AT) return { path: "", argument: undefined };
  // A name that may have been cut off is not taken.
  if (stop === start || (newline < 0 && stop === LOOKED_AT)) return "broken";
  while (end > stop && isBlank(head[end - 1])) end--;
  let rest = stop;
  while (rest < end && isBlank(head[rest])) rest++;
  const argument = rest < end ? head.subarray(rest, end) : undefined;
  return { path: head.toString("utf8", start, stop), argument };
}
