/**
 * A descriptor table (`struct files_struct`), kept in step with the kernel's by what calls
 * report.
 *
 * A report comes later than the kernel's effect, and reports of different threads come in any
 * order. What is certain: a thread waits until its report has been read, so whoever learns a
 * number from another thread begins its call after that thread's report. Every call has
 * a moment at which it began (before its effect) and one at which its result was seen (after
 * it); a descriptor remembers the moment it was `seen`. From that:
 *
 *  1. `close(5)` began after 5 was seen: it closed that one, and 5 is free.
 *  2. `open` gave 5 while the table still has 5: the kernel gives free numbers only, so some
 *     `close(5)` has had its effect and will report. It is among those in flight now; it is
 *     told that its 5 is spent, and its report leaves the new one alone. Without one in flight
 *     somebody closed unseen (C code).
 *  3. `close(5)` began before 5 was seen and is not spent: the number had been free for us
 *     when it came. Either way is possible, so the kernel is asked whether 5 is open. A
 *     thread that took it in the meantime will report, and case 2 or plain opening follows.
 *  4. `dup2(3, 5)` takes the number whoever has it. With an `open` that gave 5 in flight at
 *     the same time and no `close`, `dup2` came last: `open` needs a free number.
 *  5. A descriptor that is used but not known was opened unseen; it is read from /proc. If the
 *     report of its opening comes after all, the report counts.
 *
 * With several closes and opens of one number in flight at the same time, presence is right when
 * all have reported, for each `open` that found the number taken has spent one close. What
 * is not decided is which of two opens came last: that program races with itself.
 */
import { kindOf, listDescriptors, readDescriptor } from "./kernel.ts";
import { type Holder, OpenFile } from "./open-file.ts";

let moment = 0;
/** Now, and no other moment is the same. */
export const now = (): number => ++moment;

export class Descriptor implements Holder {
  readonly number: number;
  closeOnExec: boolean;
  readonly file: OpenFile;
  /** The moment from which it is known. */
  readonly seen: number = now();
  /** Not seen being opened: read from /proc. */
  readonly found: boolean;
  readonly #table: DescriptorTable;

  constructor(table: DescriptorTable, number: number, file: OpenFile, closeOnExec: boolean, found: boolean) {
    this.#table = table;
    this.number = number;
    this.file = file;
    this.closeOnExec = closeOnExec;
    this.found = found;
  }

  get tid(): number {
    return this.#table.tid;
  }
}

/** A close or close_range in flight. */
export interface Closing {
  readonly first: number;
  readonly last: number;
  readonly began: number;
  /** Numbers that were open again before it reported. */
  readonly spent: Set<number>;
}

/** How often the model had to ask the kernel. All zero for a program whose every call is seen. */
export interface Surprises {
  /** Descriptors that were used and not known. */
  found: number;
  /** Descriptors that were known and gone. */
  vanished: number;
}

export class DescriptorTable {
  /** A thread that has this table and is alive, through which the kernel is asked. */
  tid: number;
  readonly #surprises: Surprises;
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #closings = new Set<Closing>();
  /** Processes and threads that have it; calls CLONE_FILES and unshare change it. */
  #users = 1;

  constructor(tid: number, surprises: Surprises) {
    this.tid = tid;
    this.#surprises = surprises;
  }

  /** The descriptor, from /proc where it is not known; undefined where there is none. */
  get(number: number): Descriptor | undefined {
    const known = this.#descriptors.get(number);
    if (known !== undefined) return known;
    const found = this.#find(number);
    if (found !== undefined) this.#surprises.found++;
    return found;
  }

  /** The descriptor if it is known. */
  peek(number: number): Descriptor | undefined {
    return this.#descriptors.get(number);
  }

  /** All that are known. */
  all(): Iterable<Descriptor> {
    return this.#descriptors.values();
  }

  /**
   * A call that gives the lowest free number gave `number`.
   * @param began when that call began
   */
  opened(number: number, file: OpenFile, closeOnExec: boolean, began: number): void {
    const old = this.#descriptors.get(number);
    if (old !== undefined && !(old.found && old.seen > began)) {
      const closing = this.#closings.values().find((each) => covers(each, number) && !each.spent.has(number));
      if (closing !== undefined) closing.spent.add(number);
      else if (old.seen > began) return; // dup2 came last
      else this.#surprises.vanished++;
    }
    this.#put(number, file, closeOnExec, false);
  }

  /** The same for one that came from elsewhere. @param file where it is known what it is */
  arrived(number: number, file: OpenFile | undefined, closeOnExec: boolean, began: number): void {
    this.opened(number, file ?? this.#describe(number).file, closeOnExec, began);
  }

  /** `number` is open: if it is not known and a pidfd, clone has given it. */
  foundPidfd(number: number, began: number): void {
    if (this.#descriptors.has(number)) return;
    const { file } = this.#describe(number);
    if (file.kind === "pidfd") this.opened(number, file, true, began);
  }

  /** dup2 or dup3 made `number` refer to `file`, whatever it was. */
  replaced(number: number, file: OpenFile, closeOnExec: boolean): void {
    this.#put(number, file, closeOnExec, false);
  }

  /** A call that closes `first` to `last` begins. */
  beginClosing(first: number, last: number): Closing {
    const closing: Closing = { first, last, began: now(), spent: new Set() };
    this.#closings.add(closing);
    return closing;
  }

  /** It has ended. @param done whether it closed anything */
  endClosing(closing: Closing, done: boolean): void {
    this.#closings.delete(closing);
    if (!done) return;
    if (closing.first === closing.last) this.#closed(closing, closing.first);
    else for (const number of this.#descriptors.keys()) if (covers(closing, number)) this.#closed(closing, number);
  }

  #closed(closing: Closing, number: number): void {
    const descriptor = this.#descriptors.get(number);
    if (descriptor === undefined || closing.spent.has(number)) return;
    if (descriptor.seen < closing.began || readDescriptor(this.tid, number) === undefined) this.#remove(number);
  }

  /** What fork and unshare make of it. */
  copy(tid: number): DescriptorTable {
    const copy = new DescriptorTable(tid, this.#surprises);
    for (const { number, file, closeOnExec, found } of this.#descriptors.values())
      copy.#put(number, file, closeOnExec, found);
    return copy;
  }

  /** What execve does (fs/file.c, do_close_on_exec). */
  closeOnExec(): void {
    for (const { number, closeOnExec } of this.#descriptors.values()) if (closeOnExec) this.#remove(number);
  }

  /**
   * Makes it hold exactly the numbers that the kernel's has. Right only while nobody but a
   * waiting thread has the table.
   * @param origin may know a file that is not in this table
   */
  reconcile(origin?: (number: number) => OpenFile | undefined): void {
    const numbers = listDescriptors(this.tid);
    if (numbers === undefined) return;
    const open = new Set(numbers);
    for (const number of this.#descriptors.keys()) if (!open.has(number)) this.#remove(number);
    for (const number of numbers) if (!this.#descriptors.has(number)) this.#find(number, origin?.(number));
  }

  /** Another process has it as well (CLONE_FILES). */
  share(): this {
    this.#users++;
    return this;
  }

  /** A process that had it is gone, or has another one. */
  leave(): void {
    if (--this.#users === 0) for (const number of this.#descriptors.keys()) this.#remove(number);
  }

  #find(number: number, known?: OpenFile): Descriptor | undefined {
    const { file, closeOnExec } = this.#describe(number);
    return closeOnExec === undefined ? undefined : this.#put(number, known ?? file, closeOnExec, true);
  }

  /** What the kernel says; `closeOnExec` is undefined where there is no such descriptor. */
  #describe(number: number): { readonly file: OpenFile; readonly closeOnExec: boolean | undefined } {
    const { link = "", flags = 0, closeOnExec } = readDescriptor(this.tid, number) ?? {};
    const path = link.startsWith("/") ? link : undefined;
    return { file: new OpenFile({ kind: kindOf(link), path, flags }), closeOnExec };
  }

  #put(number: number, file: OpenFile, closeOnExec: boolean, found: boolean): Descriptor {
    const descriptor = new Descriptor(this, number, file, closeOnExec, found);
    file.hold(descriptor); // before the old one lets go: it may be the same file
    this.#remove(number);
    this.#descriptors.set(number, descriptor);
    return descriptor;
  }

  #remove(number: number): void {
    const descriptor = this.#descriptors.get(number);
    if (descriptor === undefined) return;
    this.#descriptors.delete(number);
    descriptor.file.release(descriptor);
  }
}

const covers = ({ first, last }: Closing, number: number): boolean => number >= first && number <= last;
