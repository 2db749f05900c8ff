/** Opens files of the target in the program's name. */
import { constants } from "node:fs";
import { abis } from "../linux/abi.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { openingFlags, openLink } from "../hooks/open-with.ts";
import { modeOf } from "../hooks/stat.ts";
import type { CallPath } from "../hooks/call-paths.ts";
import type { AnyCall, HookCall, OpenedFile, Outcome } from "../hooks/types.ts";
import type { Opened } from "../session/remote-files.ts";
import { deviceHandlers, isMemoryDevice } from "./devices.ts";
import type { RemoteFile } from "../session/remote-file.ts";
import type { Directories } from "./directories.ts";
import { error } from "./errors.ts";
import type { Files } from "./files.ts";
import { type Located, normal } from "./locate.ts";
import type { RecordLocks } from "./locks.ts";
import type { SharedMemories } from "./shared-memories.ts";
import { SMALL } from "./near-files.ts";
import { TargetFile } from "./target-file.ts";
import { TargetPipe } from "./target-pipe.ts";
import type { AllUnwritten } from "./unwritten.ts";
import { umaskOf } from "./umask.ts";

type Opening = HookCall<"open"> | HookCall<"openat"> | HookCall<"openat2"> | HookCall<"creat">;

const O_ACCMODE = constants.O_WRONLY | constants.O_RDWR;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE = 0o20000000;
const { openFlags } = abis[requireHostMachine().name].constants;
const PATH_FLAGS = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC;
const VALID_FLAGS = openFlags.reduce((mask, [, bit]) => mask | bit, O_ACCMODE);
/** include/uapi/linux/openat2.h */
const RESOLVE_FLAGS = 0x3f;
const RESOLVE_BENEATH = 0x08;
const IN_ROOT_OR_BENEATH = 0x18;
const SLASH = 0x2f;
const S_IFMT = 0o170000;
/** What has happened in the target. */
const SEEN_TO = constants.O_CREAT | constants.O_EXCL | constants.O_TRUNC | O_TMPFILE | constants.O_DIRECTORY;

export const isOpening = (call: AnyCall): call is AnyCall & Opening =>
  call.is("openat") || call.is("open") || call.is("openat2") || call.is("creat");

export interface OpenerOptions {
  readonly files: Files;
  readonly directories: Directories;
  readonly unwritten: AllUnwritten;
  readonly locks: RecordLocks;
  /** Where those are put that are opened. */
  readonly pipes: Set<TargetPipe>;
  readonly shared: SharedMemories;
}

export class Opener {
  readonly #with: OpenerOptions;

  constructor(options: OpenerOptions) {
    this.#with = options;
  }

  async open(call: AnyCall & Opening, located: Located, written: CallPath): Promise<Outcome> {
    const flags = openingFlags(call);
    if (flags < 0) return flags;
    const wrong = call.is("openat2") ? wrongHow(call) : 0;
    if (wrong < 0) return wrong;
    await this.#with.shared.flush();
    const isPath = (flags & O_PATH) !== 0;
    const makes = !isPath && (flags & (constants.O_CREAT | O_TMPFILE)) !== 0;
    const isForWriting = !isPath && (flags & O_ACCMODE) !== constants.O_RDONLY;
    if (located.mode === "remote-read" && (isForWriting || (makes && (flags & O_TMPFILE) !== 0))) return error("EROFS");
    const asked = located.mode === "remote-read" ? flags & ~(constants.O_CREAT | constants.O_TRUNC) : flags;
    const base = call.is("openat2") ? await this.#scope(call) : undefined;
    if (typeof base === "number") return base;
    if (base === undefined) return this.#openAt(call, located, asked);
    try {
      return await this.#openAt(call, { ...located, place: { directory: base, path: within(written) } }, asked);
    } finally {
      await this.#with.files.close(base);
    }
  }

  /** @param asked O_* without what may not be done there */
  async #openAt(call: AnyCall & Opening, { mode, place, path: named }: Located, asked: number): Promise<Outcome> {
    const flags = openingFlags(call);
    const isPath = (flags & O_PATH) !== 0;
    const makes = !isPath && (flags & (constants.O_CREAT | O_TMPFILE)) !== 0;
    const isForWriting = !isPath && (flags & O_ACCMODE) !== constants.O_RDONLY;
    const isReadOnly = mode === "remote-read";
    const opened = await this.#with.files.open(place, {
      flags: asked,
      mode: makes ? modeArgument(call) & ~umaskOf(call.tid) : 0,
      resolve: call.is("openat2") ? howOf(call).readBigUInt64LE(16) : 0n,
      contentLimit: isForWriting ? 0 : SMALL,
      closeWhenComplete: true,
    });
    if (
      opened === error("ENXIO") &&
      isForWriting &&
      (flags & (O_ACCMODE | constants.O_NONBLOCK)) === constants.O_WRONLY
    ) {
      const pipe = await this.#with.files.pipes.open(place, asked, call.signal);
      return typeof pipe === "number" ? pipe : this.#openPipe(call, pipe, flags, isReadOnly);
    }
    if (typeof opened === "number") return opened;
    if (!isPath && (modeOf(opened.statx) & S_IFMT) === constants.S_IFIFO)
      return this.#openPipe(call, opened, flags, isReadOnly);
    const path = opened.path === undefined ? named : Buffer.from(opened.path).toString();
    const file = new TargetFile(this.#with.files, this.#with.unwritten, path, opened, isReadOnly);
    const fd = await this.#openHere(call, file, opened, flags);
    if (fd === null || fd < 0) await file.close();
    else this.#keep(call.process.descriptors.get(fd), file);
    return fd;
  }

  /** The directory that the path may not leave, open; undefined where it may leave any. @returns −errno where there is none */
  async #scope(call: HookCall<"openat2">): Promise<RemoteFile | number | undefined> {
    const resolve = howOf(call).readUInt32LE(16) & IN_ROOT_OR_BENEATH;
    if (resolve === 0) return undefined;
    if (resolve === RESOLVE_BENEATH && call.path.startsWith("/")) return error("EXDEV");
    if (TargetFile.of(call.process, call.args.dfd)?.isDirectory === false) return error("ENOTDIR");
    const base = this.#with.directories.of(call.tid, call.args.dfd);
    if (base?.isRemote !== true) return base === undefined ? error("EBADF") : error("EXDEV");
    const opened = await this.#with.files.open({ path: base.path }, { flags: O_PATH | constants.O_DIRECTORY });
    return typeof opened === "number" ? opened : opened.file;
  }

  async #openHere(
    call: AnyCall & Opening,
    file: TargetFile,
    { statx, content }: Opened,
    flags: number,
  ): Promise<number | null> {
    const type = modeOf(statx) & S_IFMT;
    if (type === constants.S_IFDIR) return this.#openDirectory(call, file, flags);
    const isPath = (flags & O_PATH) !== 0;
    const isDevice = type === constants.S_IFCHR && isMemoryDevice(statx);
    if (type !== constants.S_IFREG && !isPath && !isDevice) return error("ENXIO");
    const isForWriting = (flags & O_ACCMODE) !== constants.O_RDONLY && !isPath;
    const own = file.handlers(isForWriting);
    const handlers =
      isDevice && !isPath ? deviceHandlers(file, own, isForWriting) : this.#with.shared.handlers(file, own);
    const path = normal(file.path);
    return call.openWith({ handlers, path, flags: flags & ~SEEN_TO, ...(content !== undefined && { content }) });
  }

  /** Opening for reading alone waits for somebody who writes (fs/pipe.c, fifo_open). */
  async #openPipe(
    call: AnyCall & Opening,
    { file }: Opened,
    flags: number,
    isReadOnly: boolean,
  ): Promise<number | null> {
    if (file === undefined) return error("EIO");
    const { files, pipes } = this.#with;
    const access = flags & O_ACCMODE;
    const isWaited = access !== constants.O_RDONLY || (flags & constants.O_NONBLOCK) === 0;
    const failed = access === constants.O_RDONLY && isWaited ? await files.pipes.awaitPeer(file, true, call.signal) : 0;
    if (failed < 0) {
      await files.close(file);
      return failed;
    }
    const pipe = new TargetPipe({ files, file, access, isReadOnly, pipes });
    const fd = await openLink(call, pipe.link, flags & ~SEEN_TO);
    if (fd === null || fd < 0) {
      await pipe.close();
      return fd;
    }
    call.process.descriptors.mark(fd);
    pipe.opened(call.process.descriptors.get(fd), isWaited);
    if (access !== constants.O_RDONLY) await pipe.meetReaders();
    return fd;
  }

  async #openDirectory(call: AnyCall, file: TargetFile, flags: number): Promise<number | null> {
    const fd = await openLink(call, this.#with.directories.at(file.path).link, flags);
    if (fd === null || fd < 0) return fd;
    call.process.descriptors.mark(fd);
    return fd;
  }

  /** For as long as anybody has it open. */
  #keep(opened: OpenedFile | undefined, file: TargetFile): void {
    file.belongTo(opened);
    opened?.onReleased.push(() => void this.#released(file));
  }

  async #released(file: TargetFile): Promise<void> {
    await file.flush(); // whoever gets a lock next sees what was written under it
    await this.#with.locks.released(file);
    await file.close();
  }
}

/** The path from the directory that it may not leave, which is its root: RESOLVE_IN_ROOT. */
function within({ path, bytes }: CallPath): Uint8Array {
  const own = bytes ?? Buffer.from(path);
  const start = own.findIndex((byte) => byte !== SLASH);
  return start < 0 ? Buffer.from(".") : own.subarray(start);
}

const MAKES_DIRECTORY = BigInt(constants.O_CREAT | constants.O_DIRECTORY);

/** struct open_how (include/uapi/linux/openat2.h): u64 flags, mode, resolve. */
const OPEN_HOW = 24;
const PAGE_SIZE = 4096;

const howOf = (call: HookCall<"openat2">): Buffer => {
  const how = Buffer.alloc(OPEN_HOW);
  how.set(call.args.how.read(OPEN_HOW));
  return how;
};

/** build_open_flags (fs/open.c): what openat ignores openat2 refuses. */
function wrongHow(call: HookCall<"openat2">): number {
  const { size } = call.args;
  if (size < OPEN_HOW) return error("EINVAL");
  if (size > PAGE_SIZE) return error("E2BIG");
  // copy_struct_from_user (include/linux/uaccess.h): fields of later kernels, which must say nothing
  const later = size > OPEN_HOW && call.args.how.read(size).subarray(OPEN_HOW);
  if (later !== false && later.some((byte) => byte !== 0)) return error("E2BIG");
  const how = howOf(call);
  const flags = how.readBigUInt64LE(0);
  const mode = how.readBigUInt64LE(8);
  const resolve = Number(how.readBigUInt64LE(16));
  const isPath = (flags & BigInt(O_PATH)) !== 0n;
  const makes = (flags & BigInt(constants.O_CREAT | O_TMPFILE)) !== 0n;
  if ((flags & ~BigInt(isPath ? PATH_FLAGS : VALID_FLAGS)) !== 0n) return error("EINVAL");
  // Since Linux 6.4; before it, a regular file was made.
  if ((flags & MAKES_DIRECTORY) === MAKES_DIRECTORY) return error("EINVAL");
  if (makes ? (mode & ~0o7777n) !== 0n : mode !== 0n) return error("EINVAL");
  return (resolve & ~RESOLVE_FLAGS) !== 0 || (resolve & IN_ROOT_OR_BENEATH) === IN_ROOT_OR_BENEATH
    ? error("EINVAL")
    : 0;
}

const modeArgument = (call: AnyCall & Opening): number =>
  call.is("openat2") ? Number(howOf(call).readBigUInt64LE(8)) : Number(call.args["mode" as never]) & 0o7777;
