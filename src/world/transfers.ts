/**
 * copy_file_range(2), sendfile(2) and splice(2) from and to files of the target. What stays in the target is copied
 * there; what comes or goes is read and written here, as much at once as a pipe or a socket takes.
 */
import type { Pointer } from "../hooks/pointer.ts";
import { ServedFile } from "../hooks/served-file.ts";
import type { BaseCall, Hooks, Outcome } from "../hooks/types.ts";
import { error } from "./errors.ts";
import { TargetFile } from "./target-file.ts";
import { copyRefused, sendFileRefused, spliceRefused } from "./transfer-refusals.ts";

/** Bytes that one call moves at most between here and there. */
const MOST = 256 * 1024;
const SEEK_SET = 0;
const SEEK_CUR = 1;

export const transferCalls: Hooks = {
  async copy_file_range(call) {
    const { fd_in, off_in, fd_out, off_out, len, flags } = call.args;
    const [from, to] = [TargetFile.of(call.process, fd_in), TargetFile.of(call.process, fd_out)];
    if (from === undefined && to === undefined) return undefined;
    const refused = copyRefused({ call, from: fd_in, to: fd_out }, flags);
    if (refused !== undefined) return refused;
    if (from === undefined || to === undefined) return error("EXDEV"); // other file systems
    const [source, sink] = [new Place(call, fd_in, off_in, from), new Place(call, fd_out, off_out, to)];
    const [at, into] = [await source.offset(), await sink.offset()];
    if (at < 0 || into < 0) return Math.min(at, into);
    const failed = (await from.flush()) || (await to.flush());
    if (failed < 0) return failed;
    const [input, output] = [await from.kept(), await to.kept()];
    if (typeof input === "number" || typeof output === "number")
      return typeof input === "number" ? input : Number(output);
    const copied = await from.files.copies.copy(
      { file: input, offset: BigInt(at) },
      { file: output, offset: BigInt(into) },
      BigInt(len),
    );
    if (copied > 0) {
      to.files.touched(output);
      to.changed();
      await source.moved(at + copied);
      await sink.moved(into + copied);
    }
    return copied;
  },
  sendfile: (call) => {
    const { out_fd, in_fd, offset, count } = call.args;
    if (isOfHere(call, in_fd, out_fd)) return undefined;
    const refused = sendFileRefused({ call, from: in_fd, to: out_fd });
    return refused ?? move(call, { fd: in_fd, at: offset }, { fd: out_fd, at: undefined }, count);
  },
  splice: (call) => {
    const { fd_in, off_in, fd_out, off_out, len, flags } = call.args;
    if (isOfHere(call, fd_in, fd_out)) return undefined;
    const [hasFrom, hasTo] = [!off_in.isNull, !off_out.isNull];
    const refused = spliceRefused({ call, from: fd_in, to: fd_out, length: len, flags, hasFrom, hasTo });
    return refused ?? move(call, { fd: fd_in, at: off_in }, { fd: fd_out, at: off_out }, len);
  },
};

interface End {
  readonly fd: number;
  /** Where an offset may stand. */
  readonly at: Pointer | undefined;
}

/** Whether the kernel has all that is to be moved, and where it goes. */
function isOfHere({ process }: BaseCall, from: number, to: number): boolean {
  const source = TargetFile.of(process, from);
  return TargetFile.of(process, to) === undefined && (source === undefined || source.isInHand);
}

function move(call: BaseCall, from: End, to: End, length: number): Outcome | Promise<Outcome> {
  const source = TargetFile.of(call.process, from.fd);
  if (source?.isDirectory === true) return error("EINVAL");
  const room = Math.min(length, MOST);
  return source === undefined ? here(call, from, to, room) : there(call, source, from, to, room);
}

/** From a file of the target. */
async function there(call: BaseCall, source: TargetFile, from: End, to: End, room: number): Promise<Outcome> {
  const place = new Place(call, from.fd, from.at, source);
  const at = await place.offset();
  if (at < 0) return at;
  const file = await source.kept();
  if (typeof file === "number") return file;
  await source.flush();
  const bytes = await source.files.read(file, BigInt(at), room);
  if (typeof bytes === "number") return bytes;
  if (bytes.length === 0) return 0;
  const written = await write(call, to, bytes);
  if (written !== null && written > 0) await place.moved(at + written);
  return written;
}

/** From a file or pipe of this machine to a file of the target. */
async function here(call: BaseCall, from: End, to: End, room: number): Promise<Outcome> {
  const buffer = call.lend(room);
  const offset = from.at === undefined || from.at.isNull ? undefined : offsetAt(from.at);
  const count =
    offset === undefined
      ? await call.run("read", { fd: from.fd, buf: buffer, count: room })
      : await call.run("pread64", { fd: from.fd, buf: buffer, count: room, pos: offset });
  if (count === null || count <= 0) return count;
  const written = await write(call, to, buffer.read(count));
  if (written !== null && written > 0 && offset !== undefined) from.at?.write(offsetBytes(offset + written));
  return written;
}

async function write(call: BaseCall, { fd, at }: End, bytes: Uint8Array): Promise<number | null> {
  const opened = call.process.descriptors.get(fd);
  const target = TargetFile.behind(opened);
  const served = ServedFile.of(opened);
  if (target === undefined || served === undefined)
    return call.run("write", { fd, buf: call.lend(bytes), count: bytes.length });
  const place = new Place(call, fd, at, target);
  const into = await place.offset();
  if (into < 0) return into;
  const written = (await served.handlers.write?.(into, bytes)) ?? error("EBADF");
  if (written > 0) await place.moved(into + written);
  return written;
}

/** Where a call reads or writes: at an offset that it is given, or where the file stands. */
class Place {
  readonly #call: BaseCall;
  readonly #fd: number;
  readonly #at: Pointer | undefined;
  readonly #target: TargetFile;

  constructor(call: BaseCall, fd: number, at: Pointer | undefined, target: TargetFile) {
    this.#call = call;
    this.#fd = fd;
    this.#at = at === undefined || at.isNull ? undefined : at;
    this.#target = target;
  }

  /** @returns bytes, or −errno */
  async offset(): Promise<number> {
    if (this.#at !== undefined) return offsetAt(this.#at) ?? error("EFAULT");
    if (this.#target.isInHand)
      return (await this.#call.run("lseek", { fd: this.#fd, offset: 0, whence: SEEK_CUR })) ?? error("EINTR");
    return this.#served?.offset ?? 0;
  }

  async moved(to: number): Promise<void> {
    if (this.#at !== undefined) this.#at.write(offsetBytes(to));
    else if (this.#target.isInHand) await this.#call.run("lseek", { fd: this.#fd, offset: to, whence: SEEK_SET });
    else if (this.#served !== undefined) this.#served.offset = to;
  }

  get #served(): ServedFile | undefined {
    return ServedFile.of(this.#call.process.descriptors.get(this.#fd));
  }
}

/** loff_t; undefined where it cannot be read. */
function offsetAt(at: Pointer): number | undefined {
  const bytes = Buffer.from(at.read(8));
  return bytes.length < 8 ? undefined : Number(bytes.readBigInt64LE());
}

function offsetBytes(offset: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(offset));
  return bytes;
}
