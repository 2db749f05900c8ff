/** The target's kernel, as far as an agent of the simulation needs it: one directory in memory, with locks; and its sockets. */
import type { Kernel } from "../../src/agent/connection.ts";
import { flags as o } from "../../src/agent/constants.ts";
import { errnoNumber } from "../../src/linux/errno.ts";
import type { KernelArgument } from "../../src/linux/kernel-calls.ts";
import type { VirtualClock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { SimulatedSocket } from "./sockets.ts";

interface Inode {
  readonly number: number;
  readonly mode: number;
  data: Buffer;
  /** flock(2): open files and what they hold. */
  readonly locks: Map<OpenFile, number>;
}

interface OpenFile {
  readonly inode: Inode;
  flags: number;
}

const S_IFDIR = 0o040755;
const S_IFREG = 0o100600;
const LOCK_EX = 2;
const LOCK_UN = 8;
const error = (name: string): number => -(errnoNumber(name) ?? 0);

/** What all agents see. */
export class Machine {
  #inodes = 1;
  readonly names: Map<string, Inode> = new Map();
  readonly root: Inode = this.make(S_IFDIR);
  /** How often each name was made. */
  readonly made: Map<string, number> = new Map();

  make(mode: number): Inode {
    return { number: this.#inodes++, mode, data: Buffer.alloc(0), locks: new Map() };
  }
}

/** One agent's process. */
export class Process implements Kernel {
  readonly open: Map<number, OpenFile> = new Map();
  readonly sockets: Set<SimulatedSocket> = new Set();
  /** Hear of it before anything is closed. */
  readonly whenKilled: (() => void)[] = [];
  isKilled = false;
  readonly #machine: Machine;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  #last = 2;

  constructor(machine: Machine, clock: VirtualClock, random: Random) {
    this.#machine = machine;
    this.#clock = clock;
    this.#random = random;
  }

  /** The disk takes its time; now and then it takes long. A process that is killed makes no call any more. */
  make(name: string, ...args: readonly KernelArgument[]): Promise<number> {
    const ms = this.#random.oneIn(50) ? this.#random.below(20_000) : this.#random.below(5);
    return new Promise((resolve) => {
      this.#clock.after(ms, () => {
        this.#clock.activity++;
        if (!this.isKilled) resolve(this.makeNow(name, ...args));
      });
    });
  }

  makeNow(name: string, ...args: readonly KernelArgument[]): number {
    const call = this.#calls[name];
    if (call === undefined) throw new Error(`the simulation has no ${name}`);
    return call(...args);
  }

  /** As the kernel does when a process ends. */
  kill(): void {
    this.isKilled = true;
    for (const hear of this.whenKilled) hear();
    for (const socket of this.sockets) socket.kill();
    for (const descriptor of this.open.keys()) this.#close(descriptor);
  }

  readonly #calls: Readonly<Record<string, (...args: readonly KernelArgument[]) => number>> = {
    openat: (_directory, path, flags) => this.#openAt(textOf(path), Number(flags)),
    openat2: (_directory, path, how) =>
      this.#openAt(textOf(path), Number(Buffer.from(how as Uint8Array).readBigUInt64LE(0))),
    close: (descriptor) => this.#close(Number(descriptor)),
    readlinkat: (_directory, _path, buffer) => fill(buffer, "/"),
    statx: (descriptor, _path, _flags, _mask, buffer) => this.#with(descriptor, ({ inode }) => describe(inode, buffer)),
    fcntl: (descriptor, command) => this.#with(descriptor, (file) => (Number(command) === 3 ? file.flags : 0)),
    fsync: (descriptor) => this.#with(descriptor, () => 0),
    pread64: (descriptor, buffer, length, offset) =>
      this.#with(descriptor, ({ inode }) =>
        inode.data.subarray(Number(offset), Number(offset) + Number(length)).copy(buffer as Uint8Array),
      ),
    pwrite64: (descriptor, bytes, _length, offset) =>
      this.#with(descriptor, ({ inode, flags }) => {
        const at = (flags & o.O_APPEND) === 0 ? Number(offset) : inode.data.length;
        const written = bytes as Uint8Array;
        const size = Math.max(inode.data.length, at + written.length);
        inode.data = Buffer.concat([inode.data, Buffer.alloc(size - inode.data.length)]);
        inode.data.set(written, at);
        return written.length;
      }),
    mkdirat: (_directory, path) => this.#makeName(textOf(path), S_IFDIR),
    renameat2: (_from, old, _to, made) => this.#rename(textOf(old), textOf(made)),
    unlinkat: (_directory, path) => (this.#machine.names.delete(textOf(path)) ? 0 : error("ENOENT")),
    flock: (descriptor, operation) => this.#with(descriptor, (file) => lock(file, Number(operation) & ~4)),
  };

  #openAt(path: string, flags: number): number {
    const name = path.replace(/^\/+/, "");
    if (!this.#machine.names.has(name) && name !== "" && name !== ".") {
      if ((flags & o.O_CREAT) === 0) return error("ENOENT");
      this.#makeName(name, S_IFREG);
    }
    const inode = this.#machine.names.get(name) ?? this.#machine.root;
    this.open.set(++this.#last, { inode, flags });
    return this.#last;
  }

  #makeName(name: string, mode: number): number {
    if (this.#machine.names.has(name)) return error("EEXIST");
    this.#machine.names.set(name, this.#machine.make(mode));
    this.#machine.made.set(name, (this.#machine.made.get(name) ?? 0) + 1);
    return 0;
  }

  #rename(from: string, to: string): number {
    const inode = this.#machine.names.get(from);
    if (inode === undefined) return error("ENOENT");
    this.#machine.names.delete(from);
    this.#machine.names.set(to, inode);
    return 0;
  }

  #close(descriptor: number): number {
    return this.#with(descriptor, (file) => {
      file.inode.locks.delete(file);
      this.open.delete(descriptor);
      return 0;
    });
  }

  #with(descriptor: KernelArgument | undefined, use: (file: OpenFile) => number): number {
    const file = this.open.get(Number(descriptor));
    return file === undefined ? error("EBADF") : use(file);
  }
}

function lock(file: OpenFile, operation: number): number {
  const { locks } = file.inode;
  if (operation === LOCK_UN) return locks.delete(file) ? 0 : 0;
  const others = [...locks].filter(([each]) => each !== file);
  if (others.some(([, held]) => held === LOCK_EX || operation === LOCK_EX)) return error("EAGAIN");
  locks.set(file, operation);
  return 0;
}

function describe({ number, mode, data }: Inode, buffer: KernelArgument | undefined): number {
  const statx = Buffer.from((buffer as Uint8Array).buffer, (buffer as Uint8Array).byteOffset, 256);
  statx.writeUInt32LE(0xfff, 0);
  statx.writeUInt16LE(mode, 28);
  statx.writeBigUInt64LE(BigInt(number), 32);
  statx.writeBigUInt64LE(BigInt(data.length), 40);
  statx.writeBigInt64LE(BigInt(number), 80);
  return 0;
}

function fill(buffer: KernelArgument | undefined, text: string): number {
  (buffer as Uint8Array).set(Buffer.from(text));
  return text.length;
}

const textOf = (path: KernelArgument | undefined): string =>
  typeof path === "string"
    ? path
    : Buffer.from(path as Uint8Array)
        .toString("latin1")
        .replaceAll("\0", "");
