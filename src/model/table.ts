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
 *  3. `close(5)` began before 5 was seen and is not spent: whoever called it guessed the number,
 *     or closed a range, and either may have been first. The number is in doubt.
 *  4. `dup2(3, 5)` takes the number whoever has it. With an `open` that gave 5 in flight at
 *     the same time and no `close`, `dup2` came last: `open` needs a free number.
 *  5. A descriptor that is used but not known was opened unseen; it is read from /proc. If the
 *     report of its opening comes after all, the report counts.
 *  6. `close(5)` reported when 5 was not known: it may have closed what another thread was given
 *     and has not reported. If such a report comes, the number is in doubt.
 *
 * A number in doubt is looked up in /proc after each of the next reports, the last of which finds
 * what is so. So presence is always right when all have reported. Which file a number has
 * is right as well for every program that closes and duplicates only what it was told it has;
 * of two opens of one number that raced with a guessed close the wrong one may be kept.
 */
import { type KernelTables, kindOf, procTables } from "./kernel.ts";
import { type Holder, OpenFile } from "./open-file.ts";

/** How many closes are remembered that may have closed what had not reported. */
const BLIND_LIMIT = 64;
/** How many reports after a race a number stays in doubt. */
const REPORTS_IN_DOUBT = 64;

let moment = 0;
/** Now, and no other moment is the same. */
export const now = (): number => ++moment;

/** How a descriptor came to be known: by a call that takes a free number, by dup2, or from /proc. */
type Origin = "opened" | "replaced" | "found";

export class Descriptor implements Holder {
  readonly number: number;
  closeOnExec: boolean;
  readonly file: OpenFile;
  /** The moment from which it is known. */
  readonly seen: number = now();
  readonly origin: Origin;
  readonly #table: DescriptorTable;

  constructor(table: DescriptorTable, number: number, file: OpenFile, closeOnExec: boolean, origin: Origin) {
    this.#table = table;
    this.number = number;
    this.file = file;
    this.closeOnExec = closeOnExec;
    this.origin = origin;
  }

  get tid(): number {
    return this.#table.tid;
  }
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** A close or close_range in flight. */
export interface Closing extends Range {
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
  readonly #kernel: KernelTables;
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #closings = new Set<Closing>();
  /** Numbers of which the kernel is asked, and after how many reports no more. */
  readonly #doubts = new Map<number, number>();
  /** Closes that have ended and may have closed what had not reported. */
  readonly #blind: (Range & { readonly ended: number })[] = [];
  /** Processes and threads that have it; calls CLONE_FILES and unshare change it. */
  #users = 1;

  constructor(tid: number, surprises: Surprises, kernel: KernelTables = procTables) {
    this.tid = tid;
    this.#surprises = surprises;
    this.#kernel = kernel;
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

  /** How many are known. */
  get size(): number {
    return this.#descriptors.size;
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
    if (old !== undefined && !(old.origin === "found" && old.seen > began)) {
      const [closing, another] = [...this.#closings].filter((each) => covers(each, number) && !each.spent.has(number));
      closing?.spent.add(number);
      const raced = old.seen > began && (closing === undefined) !== (old.origin === "replaced");
      if (another !== undefined || raced) this.#doubt(number);
      if (closing === undefined && old.seen > began) return; // dup2 came last
      if (closing === undefined) this.#surprises.vanished++;
    }
    this.#put(number, file, closeOnExec, "opened");
    if (this.#blind.some((each) => covers(each, number) && each.ended > began)) this.#doubt(number);
    this.#settle();
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
    this.#put(number, file, closeOnExec, "replaced");
    this.#settle();
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
    const { first, last, began, spent } = closing;
    const known = first === last ? [first] : [...this.#descriptors.keys()].filter((number) => covers(closing, number));
    let isBlind = first !== last;
    for (const number of known) {
      if (spent.has(number)) continue;
      const descriptor = this.#descriptors.get(number);
      if (descriptor === undefined) isBlind = true;
      else if (descriptor.seen < began) this.#remove(number);
      else this.#doubt(number);
    }
    if (isBlind && this.#blind.push({ first, last, ended: now() }) > BLIND_LIMIT) this.#blind.shift();
    this.#settle();
  }

  #doubt(number: number): void {
    this.#doubts.set(number, REPORTS_IN_DOUBT);
  }

  /** Asks the kernel about numbers in doubt; after the last report of those that raced the answer is final. */
  #settle(): void {
    for (const [number, left] of this.#doubts) {
      if (left === 1) this.#doubts.delete(number);
      else this.#doubts.set(number, left - 1);
      const isOpen = this.#kernel.read(this.tid, number) !== undefined;
      if (!isOpen) this.#remove(number);
      else if (!this.#descriptors.has(number)) this.#find(number);
    }
  }

  /** What fork and unshare make of it. */
  copy(tid: number): DescriptorTable {
    const copy = new DescriptorTable(tid, this.#surprises, this.#kernel);
    for (const { number, file, closeOnExec, origin } of this.#descriptors.values())
      copy.#put(number, file, closeOnExec, origin);
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
    const numbers = this.#kernel.list(this.tid);
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
    return closeOnExec === undefined ? undefined : this.#put(number, known ?? file, closeOnExec, "found");
  }

  /** What the kernel says; `closeOnExec` is undefined where there is no such descriptor. */
  #describe(number: number): { readonly file: OpenFile; readonly closeOnExec: boolean | undefined } {
    const { link = "", flags = 0, closeOnExec } = this.#kernel.read(this.tid, number) ?? {};
    const path = link.startsWith("/") ? link : undefined;
    return { file: new OpenFile({ kind: kindOf(link), path, flags }), closeOnExec };
  }

  #put(number: number, file: OpenFile, closeOnExec: boolean, origin: Origin): Descriptor {
    const descriptor = new Descriptor(this, number, file, closeOnExec, origin);
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

const covers = ({ first, last }: Range, number: number): boolean => number >= first && number <= last;
