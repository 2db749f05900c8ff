/**
 * Where a sink's text goes: a file descriptor, in whole lines.
 *
 * The program often writes to the same terminal, file or pipe. Two rules keep its
 * output and ours apart:
 *
 * 1. A write never ends inside a line, and is one the kernel does not tear: a
 *    terminal and a regular file serialise whole `write` calls, a pipe only those of
 *    at most PIPE_BUF bytes (pipe(7)), so there a batch is cut at line ends.
 * 2. A write never begins inside a line of the program. {@link Output.foreignText} tells
 *    where the program's own text ended; where nobody knows, a file is read and a
 *    terminal is taken to a new line from anywhere ({@link freshLine}).
 *
 * Text is gathered and written at the end of the event loop's turn on a terminal,
 * else after at most {@link limits.delayMs}. Writing blocks, as it must: a reader
 * that is slower than the program slows the program down, and nothing is dropped.
 */
import * as fs from "node:fs";
import { isatty } from "node:tty";

import { ElsewhereError } from "../../errors.ts";

export interface Output {
  /** Appends text of one or more whole lines; it is kept in one piece. Never throws: see {@link OnFailure}. */
  write(text: string): void;
  /** Whether one of our own descriptors, which the program inherits, leads to the same terminal, file or pipe. */
  isSameAs(fd: number): boolean;
  /** Tells what the program itself wrote last to the same place: did it end a line? Undefined: nobody can tell. */
  foreignText(endsLine: boolean | undefined): void;
  flush(): void;
  /**
   * Flushes, and closes what {@link openOutput} opened.
   * @throws ElsewhereError "output-unusable", when writing has failed and nobody was told
   */
  close(): void;
}

/**
 * Told once, at the moment when writing fails. The program goes on, without a trace:
 * its calls must not suffer from a full disk of ours. Where there is nobody to be told,
 * {@link Output.close} throws.
 */
export type OnFailure = (error: ElsewhereError) => void;

export const limits: {
  readonly delayMs: number;
  readonly gatheredLength: number;
  readonly pipeBytes: number;
} = {
  /** Text waits at most this long when it does not go to a terminal. */
  delayMs: 50,
  /** More than this (in UTF-16 units) is written at once. */
  gatheredLength: 64 * 1024,
  /** PIPE_BUF of Linux (limits.h). */
  pipeBytes: 4096,
};

/** What a terminal that does not know its width is taken to have. */
const usualWidth = 80;

type Kind = "terminal" | "file" | "stream";

/** An output on a descriptor that somebody else owns: standard error. `name` is for error messages. */
export function outputTo(fd: number, name: string, onFailure?: OnFailure): Output {
  return new DescriptorOutput(fd, name, true, onFailure);
}

const ownDescriptors: Readonly<Record<string, number>> = { "-": 1, "/dev/stdout": 1, "/dev/stderr": 2 };

/**
 * An output to a new (or emptied) file. "-", /dev/stdout and /dev/stderr are our own
 * descriptors: opened anew they would be emptied and lose their position.
 * @throws ElsewhereError "output-unusable"
 */
export function openOutput(path: string, onFailure?: OnFailure): Output {
  const own = ownDescriptors[path];
  if (own !== undefined) return outputTo(own, path, onFailure);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  let fd;
  try {
    // Appending, so that a log that is emptied under way is not filled up with zeros.
    fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o666);
  } catch (cause) {
    throw unusable(path, cause);
  }
  return new DescriptorOutput(fd, path, false, onFailure);
}

class DescriptorOutput implements Output {
  readonly #fd: number;
  readonly #name: string;
  readonly #shared: boolean;
  readonly #kind: Kind;
  #gathered = "";
  #scheduled: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** Whether the next write begins a line, as far as the program's own text is known. */
  #atLineStart: boolean | undefined;
  /** Nobody reads any more, or writing failed: further text goes nowhere. */
  #ended = false;
  readonly #onFailure: OnFailure;
  #untold: ElsewhereError | undefined;

  constructor(fd: number, name: string, shared: boolean, onFailure: OnFailure | undefined) {
    this.#onFailure =
      onFailure ??
      ((error) => {
        this.#untold = error;
      });
    this.#fd = fd;
    this.#name = name;
    this.#shared = shared;
    this.#kind = isatty(fd) ? "terminal" : fs.fstatSync(fd).isFile() ? "file" : "stream";
  }

  write(text: string): void {
    if (this.#ended) return;
    this.#gathered += text;
    if (this.#gathered.length >= limits.gatheredLength) this.flush();
    else this.#scheduled ??= this.#schedule();
  }

  isSameAs(fd: number): boolean {
    try {
      const ours = fs.fstatSync(this.#fd);
      const other = fs.fstatSync(fd);
      return ours.dev === other.dev && ours.ino === other.ino;
    } catch {
      return false; // it is closed
    }
  }

  foreignText(endsLine: boolean | undefined): void {
    this.#atLineStart = endsLine;
  }

  flush(): void {
    if (this.#scheduled) this.#unschedule();
    if (this.#gathered === "" || this.#ended) return;
    const text = (this.#shared ? this.#lineStart() : "") + this.#gathered;
    this.#gathered = "";
    if (this.#atLineStart === false) this.#atLineStart = true;
    try {
      const bytes = Buffer.from(text);
      if (this.#kind === "stream") for (const piece of wholeLines(bytes, limits.pipeBytes)) writeAll(this.#fd, piece);
      else writeAll(this.#fd, bytes);
    } catch (cause) {
      this.#ended = true;
      if (!isCode(cause, "EPIPE")) this.#onFailure(unusable(this.#name, cause));
    }
  }

  close(): void {
    this.flush();
    this.#ended = true;
    if (!this.#shared) fs.closeSync(this.#fd);
    if (this.#untold) throw this.#untold;
  }

  #schedule(): NodeJS.Timeout | NodeJS.Immediate {
    const flush = (): void => {
      this.#scheduled = undefined;
      this.flush();
    };
    if (this.#kind === "terminal") return setImmediate(flush);
    // Not a reason to live on: whoever ends calls close().
    return setTimeout(flush, limits.delayMs).unref();
  }

  #unschedule(): void {
    clearTimeout(this.#scheduled as NodeJS.Timeout);
    clearImmediate(this.#scheduled as NodeJS.Immediate);
    this.#scheduled = undefined;
  }

  #lineStart(): string {
    if (this.#atLineStart !== undefined) return this.#atLineStart ? "" : "\n";
    if (this.#kind === "terminal") return freshLine(this.#fd);
    return this.#kind === "file" && endsInsideLine(this.#fd) ? "\n" : "";
  }
}

/**
 * Takes a terminal's cursor to the start of a line, wherever it is: as many blanks as
 * the terminal is wide wrap into the next line unless the cursor stood at the very
 * left, and a carriage return does the rest. (Shells use the same before a prompt.)
 */
function freshLine(fd: number): string {
  const terminal = fd === 1 ? process.stdout : process.stderr;
  if (fd > 2 || !terminal.isTTY || process.env["TERM"] === "dumb") return "";
  return `${" ".repeat(terminal.getWindowSize()[0] || usualWidth)}\r`;
}

/** Whether the last byte of a regular file is anything but a newline. */
function endsInsideLine(fd: number): boolean {
  const { size } = fs.fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  try {
    // Ours is open for writing only; a second description reads without moving its position.
    const reader = fs.openSync(`/proc/self/fd/${fd}`, "r");
    try {
      fs.readSync(reader, last, 0, 1, size - 1);
    } finally {
      fs.closeSync(reader);
    }
  } catch {
    return false; // not ours to read: then only whole writes are promised
  }
  return last[0] !== 0x0a;
}

/** Cuts at line ends, into pieces of at most `limit` bytes where lines are that short. */
function* wholeLines(bytes: Buffer, limit: number): Generator<Buffer> {
  let start = 0;
  while (start < bytes.length) {
    let end = bytes.length;
    if (end - start > limit) {
      end = bytes.lastIndexOf(0x0a, start + limit - 1) + 1;
      if (end <= start) end = bytes.indexOf(0x0a, start) + 1 || bytes.length;
    }
    yield bytes.subarray(start, end);
    start = end;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes everything, however often the kernel takes only a part or (O_NONBLOCK) nothing yet. */
function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0, pauseMs = 1; done < bytes.length;) {
    try {
      done += fs.writeSync(fd, bytes, done);
      pauseMs = 1;
    } catch (error) {
      if (isCode(error, "EAGAIN")) Atomics.wait(sleeper, 0, 0, pauseMs);
      else if (!isCode(error, "EINTR")) throw error;
      pauseMs = Math.min(pauseMs * 2, 16);
    }
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on that file system, or write the trace elsewhere with -o",
  EDQUOT: "the disk quota is used up: write the trace elsewhere with -o",
  ENOENT: "create the directory first",
};

function unusable(name: string, cause: unknown): ElsewhereError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const hint = hints[code];
  return new ElsewhereError({
    code: "output-unusable",
    message: `cannot write the trace to ${name}`,
    context: [cause instanceof Error ? cause.message : String(cause)],
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}
