/** execve(2) and execveat(2) of programs of the target (fs/exec.c). */
import { closeSync, openSync, readSync } from "node:fs";
import { posix } from "node:path";
import type { StartingCall } from "../hooks/starting.ts";
import type { AnyCall, Outcome } from "../hooks/types.ts";
import { AT_FDCWD, reachablePath, resolved } from "../process/paths.ts";
import { canBeHooked, isExecutable } from "../process/program.ts";
import { error } from "./errors.ts";
import type { Located, Locator } from "./locate.ts";
import type { Fetched, Programs } from "./programs.ts";
import { type Interpreter, interpreterOf } from "./script.ts";

/** How many scripts may interpret each other (fs/exec.c, exec_binprm). */
const DEEPEST = 5;
const ELF = "\u007fELF";
const POINTER = 8n;
const HEAD = 256;

interface Starting {
  /** What is started. */
  readonly fetched: Fetched;
  /** What a script's interpreter is told to read. */
  readonly name: string;
  readonly argv: readonly Uint8Array[] | undefined;
}

/** @param follow whether a symbolic link in the last place counts as what it leads to */
export async function start(
  call: AnyCall & StartingCall,
  located: Located,
  follow: boolean,
  { programs, locator }: { readonly programs: Programs; readonly locator: Locator },
): Promise<Outcome> {
  const fetched = located.started ?? (await programs.fetch(located.place, located.path, follow));
  if (typeof fetched === "number") return fetched;
  return startFetched(call, { fetched, name: nameOf(call), argv: undefined }, DEEPEST, { programs, locator });
}

/** A script of here whose interpreter is in the target; everything else of here is the kernel's. */
export function startScript(
  call: AnyCall & StartingCall,
  path: string,
  by: { readonly programs: Programs; readonly locator: Locator },
): Outcome | Promise<Outcome> {
  const file = reachablePath(call.tid, AT_FDCWD, path);
  const head = file === undefined || !isExecutable(file) ? undefined : headOf(file);
  const interpreter = head && interpreterOf(head);
  if (file === undefined || head === undefined || typeof interpreter !== "object") return undefined;
  const { mode } = by.locator.at(posix.resolve(call.process.cwd, interpreter.path));
  if (mode === "local") return undefined;
  return startFetched(call, { fetched: { file, path, head }, name: nameOf(call), argv: undefined }, DEEPEST, by);
}

function headOf(file: string): Uint8Array | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      const head = new Uint8Array(HEAD);
      return head.subarray(0, readSync(descriptor, head, 0, HEAD, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

async function startFetched(
  call: AnyCall & StartingCall,
  { fetched, name, argv }: Starting,
  left: number,
  by: { readonly programs: Programs; readonly locator: Locator },
): Promise<Outcome> {
  const interpreter = interpreterOf(fetched.head);
  if (interpreter === "broken") return error("ENOEXEC");
  if (interpreter === undefined) {
    if (Buffer.from(fetched.head).toString("latin1", 0, ELF.length) !== ELF) return error("ENOEXEC");
    const shown = posix.basename(call.path ?? "") || posix.basename(fetched.path);
    return call.startAs({ file: by.programs.named(fetched, shown), program: fetched.path, argv });
  }
  if (left === 0) return error("ELOOP");
  const path = posix.resolve(call.process.cwd, interpreter.path);
  const located = by.locator.at(path);
  if (located.mode === "absent") return error("ENOENT");
  const given = argv ?? argumentsOf(call);
  if (located.mode === "local") {
    const file = resolved(path);
    if (file === undefined) return error("ENOENT");
    // A program that is not hooked knows nothing of the target: it reads what was brought here.
    const read = (await canBeHooked(file)) ? name : fetched.file;
    return call.startAs({ file: path, argv: withInterpreter(interpreter, read, given) });
  }
  const next = await by.programs.fetch(located.place, path);
  if (typeof next === "number") return next;
  const isScript = interpreterOf(next.head) !== undefined;
  const read = isScript || (await canBeHooked(next.file)) ? name : fetched.file;
  const whole = withInterpreter(interpreter, read, given);
  return startFetched(call, { fetched: next, name: interpreter.path, argv: whole }, left - 1, by);
}

/** The interpreter, its argument, the script, and what was given behind argv[0]. */
function withInterpreter({ path, argument }: Interpreter, read: string, given: readonly Uint8Array[]): Uint8Array[] {
  return [Buffer.from(path), ...(argument === undefined ? [] : [argument]), Buffer.from(read), ...given.slice(1)];
}

/** What an interpreter is told: of a descriptor, a name under which it can be opened (fs/exec.c, alloc_bprm). */
function nameOf(call: AnyCall): string {
  const path = call.path ?? "";
  const dfd = Number(call.args["dfd"] ?? -1) | 0;
  if (path.startsWith("/") || dfd < 0) return path;
  return path === "" ? `/dev/fd/${dfd}` : `/dev/fd/${dfd}/${path}`;
}

/** argv as the program gave it. */
function argumentsOf(call: AnyCall): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = call.registers[call.name === "execveat" ? 2 : 1] ?? 0n; ; at += POINTER) {
    const pointer = Buffer.from(call.at(at).read(Number(POINTER)));
    const address = pointer.length < POINTER ? 0n : pointer.readBigUInt64LE();
    if (address === 0n) return strings;
    strings.push(bytesAt(call, address));
  }
}

/** MAX_ARG_STRLEN (include/uapi/linux/binfmts.h) */
const LONGEST = 131_072;

function bytesAt(call: AnyCall, address: bigint): Uint8Array {
  for (let room = 256; ; room *= 2) {
    const bytes = call.at(address).read(room);
    const end = bytes.indexOf(0);
    if (end >= 0) return bytes.subarray(0, end);
    if (bytes.length < room || room > LONGEST) return bytes;
  }
}
