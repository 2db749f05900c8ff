/**
 * An inotify instance (inotify(7)) that can watch files of the target beside those of here. The program has the reading
 * end of a pipe in packet mode (pipe2(2), O_DIRECT), an event a packet, so that waiting and readiness are the kernel's; the
 * events come from an instance of this process and one in the target. Watches are numbered here, from 1 as the kernel does.
 */
import { closeSync } from "node:fs";
import { errnoNumber } from "../linux/errno.ts";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import type { RemotePlace } from "../session/remote-file.ts";
import type { RemoteWatcher } from "../session/remote-watches.ts";
import type { Files } from "./files.ts";

/** include/uapi/linux/inotify.h */
const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
/** wd, mask, cookie, len; then the name */
const EVENT = 16;
/** O_* of pipe2 and inotify_init1, as asm-generic and x86 have them. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_DIRECT = 0o40000;
const F_SETPIPE_SZ = 1031;
/** Room for 256 events (fs/pipe.c, pipe_max_size). */
const PIPE_BYTES = 0x10_0000;
/** Events that nobody has read, beyond which they are lost (max_queued_events, inotify(7)). */
const MOST_WAITING = 16_384;
/** How often this machine's events are looked for, and room in a full pipe, milliseconds. */
const PAUSE_MS = 10;
const ROOM = 65_536;
const EAGAIN = -(errnoNumber("EAGAIN") ?? 0);
const EINVAL = -(errnoNumber("EINVAL") ?? 0);

type Side = "here" | "there";

export class Watcher {
  /** What the program opens for reading. */
  readonly link: string;
  readonly #kernel = new KernelCalls(requireHostMachine().calls);
  readonly #files: Files;
  readonly #over = new AbortController();
  readonly #reading: number;
  readonly #writing: number;
  readonly #waiting: Uint8Array[] = [];
  /** "SIDE NUMBER" → the program's number, and back. */
  readonly #numbers = new Map<string, number>();
  readonly #watches = new Map<number, readonly [Side, number]>();
  #last = 0;
  #here: number | undefined;
  #there: Promise<RemoteWatcher | number> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: Files) {
    this.#files = files;
    const ends = new Int32Array(2);
    const made = this.#kernel.makeNow("pipe2", new Uint8Array(ends.buffer), O_DIRECT | O_NONBLOCK | O_CLOEXEC);
    if (made < 0) throw new Error(`a pipe cannot be made: error ${-made}`);
    [this.#reading = -1, this.#writing = -1] = ends;
    this.#kernel.makeNow("fcntl", this.#writing, F_SETPIPE_SZ, PIPE_BYTES);
    this.link = `/proc/${process.pid}/fd/${this.#reading}`;
  }

  /** The program has it open. */
  opened(): void {
    closeSync(this.#reading);
  }

  /** Watches a file of this machine. @param path as this process can open it @returns the watch's number, or −errno */
  watchHere(path: string, mask: number): number {
    this.#here ??= this.#kernel.makeNow("inotify_init1", O_NONBLOCK | O_CLOEXEC);
    if (this.#here < 0) return this.#here;
    const watch = this.#kernel.makeNow("inotify_add_watch", this.#here, path, mask);
    this.#timer ??= setInterval(() => this.#look(), PAUSE_MS).unref();
    return watch < 0 ? watch : this.#numberOf("here", watch);
  }

  /** Watches a file of the target. @returns the watch's number, or −errno */
  async watchThere(place: RemotePlace, mask: number): Promise<number> {
    const isFirst = this.#there === undefined;
    const watcher = await (this.#there ??= this.#files.watches.make());
    if (typeof watcher === "number") return watcher;
    if (isFirst) void this.#listen(watcher);
    const watch = await this.#files.watches.add(watcher, place, mask);
    return watch < 0 ? watch : this.#numberOf("there", watch);
  }

  /** inotify_rm_watch(2). @returns 0 or −errno */
  async remove(number: number): Promise<number> {
    const [side, watch] = this.#watches.get(number) ?? [];
    if (side === undefined || watch === undefined) return EINVAL;
    if (side === "here") return this.#kernel.makeNow("inotify_rm_watch", this.#here ?? -1, watch);
    const watcher = await this.#there;
    return typeof watcher === "object" ? this.#files.watches.remove(watcher, watch) : EINVAL;
  }

  /** Nobody has it open any more. */
  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    clearInterval(this.#timer);
    closeSync(this.#writing);
    if (this.#here !== undefined && this.#here >= 0) closeSync(this.#here);
    const watcher = await this.#there;
    if (typeof watcher === "object") await this.#files.watches.close(watcher);
  }

  #numberOf(side: Side, watch: number): number {
    const key = `${side} ${watch}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = ++this.#last;
    this.#numbers.set(key, number);
    this.#watches.set(number, [side, watch]);
    return number;
  }

  async #listen(watcher: RemoteWatcher): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const events = await this.#files.watches.events(watcher, signal);
      if (signal.aborted) return;
      if (typeof events === "number") {
        this.#tell([overflow()]); // what happens from now on is lost
        return;
      }
      this.#tell(this.#renumbered("there", events));
    }
  }

  #look(): void {
    const buffer = new Uint8Array(ROOM);
    const count = this.#kernel.makeNow("read", this.#here ?? -1, buffer, ROOM);
    this.#tell(count > 0 ? this.#renumbered("here", buffer.subarray(0, count)) : []);
  }

  /** The events, each by itself, with the program's numbers. */
  *#renumbered(side: Side, bytes: Uint8Array): IterableIterator<Uint8Array> {
    const events = Buffer.from(bytes);
    for (let at = 0; at + EVENT <= events.length;) {
      const end = at + EVENT + events.readUInt32LE(at + 12);
      const event = Buffer.from(events.subarray(at, end));
      const watch = event.readInt32LE(0);
      at = end;
      if (watch < 0) {
        yield event;
        continue;
      }
      const number = this.#numberOf(side, watch);
      event.writeInt32LE(number, 0);
      if ((event.readUInt32LE(4) & IN_IGNORED) !== 0) {
        this.#numbers.delete(`${side} ${watch}`);
        this.#watches.delete(number);
      }
      yield event;
    }
  }

  #tell(events: Iterable<Uint8Array>): void {
    for (const event of events) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(event);
      else if (this.#waiting.length === MOST_WAITING) this.#waiting.push(overflow());
    }
    while (this.#waiting[0] !== undefined) {
      const event = this.#waiting[0];
      const written = this.#kernel.makeNow("write", this.#writing, event, event.length);
      if (written === EAGAIN) {
        this.#timer ??= setInterval(() => this.#look(), PAUSE_MS).unref();
        return;
      }
      this.#waiting.shift();
    }
  }
}

function overflow(): Uint8Array {
  const event = Buffer.alloc(EVENT);
  event.writeInt32LE(-1, 0);
  event.writeUInt32LE(IN_Q_OVERFLOW, 4);
  return event;
}
