/** Opens files of the target in the program's name. */
import { constants } from "node:fs";
import { openingFlags, openLink } from "../hooks/open-with.ts";
import { modeOf } from "../hooks/stat.ts";
import type { AnyCall, HookCall, OpenedFile, Outcome } from "../hooks/types.ts";
import type { Opened } from "../session/remote-files.ts";
import { deviceHandlers, isMemoryDevice } from "./devices.ts";
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
const O_TMPFILE = 0o20000000;
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

  async open(call: AnyCall & Opening, located: Located): Promise<Outcome> {
    const flags = openingFlags(call);
    if (flags < 0) return flags;
    await this.#with.shared.flush();
    const isPath = (flags & O_PATH) !== 0;
    const makes = !isPath && (flags & (constants.O_CREAT | O_TMPFILE)) !== 0;
    const isForWriting = !isPath && (flags & O_ACCMODE) !== constants.O_RDONLY;
    if (located.mode === "remote-read" && (isForWriting || (makes && (flags & O_TMPFILE) !== 0))) return error("EROFS");
    const asked = located.mode === "remote-read" ? flags & ~(constants.O_CREAT | constants.O_TRUNC) : flags;
    const opened = await this.#with.files.open(located.place, {
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
      const pipe = await this.#with.files.pipes.open(located.place, asked, call.signal);
      return typeof pipe === "number" ? pipe : this.#openPipe(call, pipe, flags);
    }
    if (typeof opened === "number") return opened;
    if (!isPath && (modeOf(opened.statx) & S_IFMT) === constants.S_IFIFO) return this.#openPipe(call, opened, flags);
    const file = new TargetFile(this.#with.files, this.#with.unwritten, located.path, opened);
    const fd = await this.#openHere(call, file, opened, flags);
    if (fd === null || fd < 0) await file.close();
    else this.#keep(call.process.descriptors.get(fd), file);
    return fd;
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
    return call.openWith({ handlers, flags: flags & ~SEEN_TO, ...(content !== undefined && { content }) });
  }

  /** Opening for reading alone waits for somebody who writes (fs/pipe.c, fifo_open). */
  async #openPipe(call: AnyCall & Opening, { file }: Opened, flags: number): Promise<number | null> {
    if (file === undefined) return error("EIO");
    const { files, pipes } = this.#with;
    const access = flags & O_ACCMODE;
    const isWaited = access !== constants.O_RDONLY || (flags & constants.O_NONBLOCK) === 0;
    const failed = access === constants.O_RDONLY && isWaited ? await files.pipes.awaitPeer(file, true, call.signal) : 0;
    if (failed < 0) {
      await files.close(file);
      return failed;
    }
    const pipe = new TargetPipe({ files, file, access });
    const fd = await openLink(call, pipe.link, flags & ~SEEN_TO);
    if (fd === null || fd < 0) {
      await pipe.close();
      return fd;
    }
    call.process.descriptors.mark(fd);
    pipe.opened(call.process.descriptors.get(fd), isWaited);
    pipes.add(pipe);
    return fd;
  }

  async #openDirectory(call: AnyCall, file: TargetFile, flags: number): Promise<number | null> {
    const fd = await openLink(call, this.#with.directories.at(normal(file.path)).link, flags);
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

/** struct open_how (include/uapi/linux/openat2.h): u64 flags, mode, resolve. */
const OPEN_HOW = 24;

const howOf = (call: HookCall<"openat2">): Buffer => {
  const how = Buffer.alloc(OPEN_HOW);
  how.set(call.args.how.read(OPEN_HOW));
  return how;
};

const modeArgument = (call: AnyCall & Opening): number =>
  call.is("openat2") ? Number(howOf(call).readBigUInt64LE(8)) : Number(call.args["mode" as never]) & 0o7777;
