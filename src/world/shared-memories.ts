/** All files of the target that are mapped to be shared. */
import { constants } from "node:fs";
import { openLink } from "../hooks/open-with.ts";
import type { FileHandlers } from "../hooks/served-file.ts";
import type { HookCall, Hooks, Outcome } from "../hooks/types.ts";
import { error } from "./errors.ts";
import { SharedMemory } from "./shared-memory.ts";
import type { TargetFile } from "./target-file.ts";

/** How often what was stored goes there by itself, milliseconds. */
const PERIOD_MS = 100;
const O_ACCMODE = 3;
const O_CLOEXEC = 0o2000000;
/** include/uapi/asm-generic/mman-common.h */
const PROT_WRITE = 2;

export class SharedMemories {
  /** By device and inode in the target. */
  readonly #all = new Map<string, SharedMemory>();
  readonly #ending = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** Maps a file to be shared. */
  async map(call: HookCall<"mmap">, target: TargetFile): Promise<Outcome> {
    const { addr, len, prot, flags, off } = call.args;
    const access = (call.process.descriptors.get(call.fd)?.flags ?? 0) & O_ACCMODE;
    const isForWriting = access === constants.O_RDWR;
    // fs: mm/mmap.c, do_mmap
    if (access === constants.O_WRONLY || ((Number(prot) & PROT_WRITE) !== 0 && !isForWriting)) return error("EACCES");
    await target.flush();
    const memory = await this.#of(target, isForWriting);
    if (typeof memory === "number") return memory;
    try {
      const failed = await memory.prepare(target, isForWriting, Number(off), Number(len));
      if (failed < 0) return failed;
      const fd = await openLink(call, memory.link, access | O_CLOEXEC);
      if (fd === null || fd < 0) return fd;
      const result = await call.run("mmap", { addr, len, prot, flags, fd: BigInt(fd), off });
      await call.run("close", { fd });
      return result;
    } finally {
      memory.release();
    }
  }

  /** What was stored in a file goes there. @returns 0 or −errno */
  async writeBack({ identity }: TargetFile): Promise<number> {
    return (await this.#all.get(identity)?.writeBack()) ?? 0;
  }

  /** A lock of a file: who has had it has stored what the next shall see. */
  async locking(target: TargetFile, lock: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    const memory = this.#all.get(target.identity);
    if (memory === undefined) return lock();
    await memory.writeBack();
    const result = await lock();
    if (result === 0) await memory.refresh();
    return result;
  }

  /** What was stored in all of them. */
  async flush(): Promise<number> {
    const results = await Promise.all([...this.#all.values()].map((memory) => memory.writeBack()));
    await Promise.all(this.#ending.values());
    return results.find((result) => result < 0) ?? 0;
  }

  /** Calls on the memory itself, whichever it is. */
  get hooks(): Hooks {
    return {
      msync: (call) => this.#after(call),
      munmap: (call) => this.#after(call),
    };
  }

  /** Reading and writing a file that may be mapped as well. */
  handlers(target: TargetFile, of: FileHandlers): FileHandlers {
    const memory = (): SharedMemory | undefined => this.#all.get(target.identity);
    const { read, write, append, truncate, sync } = of;
    return {
      ...of,
      ...(read && {
        read: async (offset, length) => {
          const mapped = memory();
          if (mapped === undefined || target.file === undefined) return read(offset, length);
          await target.flush();
          await mapped.writeBack();
          return target.files.read(target.file, BigInt(offset), length);
        },
      }),
      ...(write && {
        write: async (offset, bytes) => {
          const result = await write(offset, bytes);
          const mapped = memory();
          if (mapped === undefined || result <= 0) return result;
          mapped.written(offset, bytes.subarray(0, result));
          // What is stored from now on must not arrive before it.
          const failed = await target.flush();
          return failed < 0 ? failed : result;
        },
      }),
      ...(append && {
        append: async (bytes) => {
          const result = await append(bytes);
          if (typeof result !== "number")
            memory()?.written(result.size - result.written, bytes.subarray(0, result.written));
          return result;
        },
      }),
      ...(truncate && {
        truncate: async (size) => {
          await memory()?.writeBack();
          const result = (await truncate(size)) ?? 0;
          if (result >= 0) memory()?.resized(size);
          return result;
        },
      }),
      sync: async () => {
        const failed = (await memory()?.writeBack()) ?? 0;
        const result = (await sync?.()) ?? 0;
        return result < 0 ? result : failed;
      },
    };
  }

  async #of(target: TargetFile, isForWriting: boolean): Promise<SharedMemory | number> {
    const { identity } = target;
    await this.#ending.get(identity);
    const known = this.#all.get(identity);
    if (known !== undefined) return known;
    const made = await SharedMemory.of(target, isForWriting);
    const meanwhile = this.#all.get(identity);
    if (typeof made === "number" || meanwhile === undefined) {
      if (typeof made !== "number") this.#all.set(identity, made);
      this.#timer ??= setInterval(() => this.#tick(), PERIOD_MS).unref();
      return made;
    }
    await made.close();
    return meanwhile;
  }

  #after(call: HookCall<"msync"> | HookCall<"munmap">): Outcome | Promise<Outcome> {
    if (this.#all.size === 0) return undefined;
    return call.proceed().then(async (result) => {
      if (result !== 0) return result;
      const failed = await this.flush();
      return call.name === "msync" && failed < 0 ? failed : result;
    });
  }

  #tick(): void {
    for (const [identity, memory] of this.#all) {
      if (!memory.endIfUnused()) {
        void memory.writeBack();
        continue;
      }
      this.#all.delete(identity);
      this.#ending.set(
        identity,
        memory.close().finally(() => this.#ending.delete(identity)),
      );
    }
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
