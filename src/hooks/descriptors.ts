/** What the calling thread has open, as hooks see it, and the marks that hooks put on it. */
import { MARKS_SIZE } from "../mailbox/layout.ts";
import type { Model } from "../model/model.ts";
import type { Holder, OpenFile } from "../model/open-file.ts";
import type { Call } from "../process/call.ts";
import { ProcessMemory } from "../process/memory.ts";
import type { Processes } from "../process/processes.ts";
import type { Descriptors, OpenedFile } from "./types.ts";

const marked = Symbol("marked");
const SET = Uint8Array.of(1);
const CLEAR = Uint8Array.of(0);

/**
 * Marks belong to open files, and thereby to all descriptors of one. Each process has a byte per number, which its
 * threads look at before they ask; a byte that is set and should not be costs a question, so it is cleared only then.
 */
export class CallDescriptors implements Descriptors {
  readonly #call: Call;
  readonly #model: Model;
  readonly #processes: Processes;

  constructor(call: Call, model: Model, processes: Processes) {
    this.#call = call;
    this.#model = model;
    this.#processes = processes;
  }

  get(fd: number): OpenedFile | undefined {
    return this.#file(fd);
  }

  *[Symbol.iterator](): IterableIterator<readonly [fd: number, file: OpenedFile]> {
    for (const { number, file } of this.#model.of(this.#call).descriptors.all()) yield [number, file];
  }

  mark(fd: number): boolean {
    const file = this.#file(fd);
    if (file === undefined) return false;
    this.#mark(file);
    return true;
  }

  copies(fd: number): readonly number[] {
    const table = this.#model.of(this.#call).descriptors;
    const others = [...(table.get(fd)?.file.holders ?? [])].filter(
      (holder) => holder.number !== fd && table.peek(holder.number) === holder,
    );
    return others.map(({ number }) => number);
  }

  marker(fd: number): () => void {
    const file = this.#file(fd);
    return () => {
      if (file !== undefined) this.#mark(file);
    };
  }

  #mark(file: OpenFile): void {
    if (file.data.get(marked) === undefined) file.onHeld.push((holder) => this.#setByte(file, holder));
    file.data.set(marked, true);
    for (const holder of file.holders) this.#setByte(file, holder);
  }

  unmark(fd: number): void {
    const file = this.#file(fd);
    if (file?.data.get(marked) === true) file.data.set(marked, false);
  }

  isMarked(fd: number): boolean {
    return this.#file(fd)?.data.get(marked) === true;
  }

  /** The byte of `fd` was set and its file is not marked, or no longer. */
  clearByte(fd: number): void {
    writeByte(this.#processes, this.#call.tid, fd, CLEAR);
  }

  #setByte(file: OpenFile, { tid, number }: Holder): void {
    if (file.data.get(marked) === true) writeByte(this.#processes, tid, number, SET);
  }

  #file(fd: number): OpenFile | undefined {
    return this.#model.of(this.#call).descriptors.get(fd)?.file;
  }
}

/** A process that has not been noticed yet has its parent's bytes. */
function writeByte(processes: Processes, tid: number, fd: number, byte: Uint8Array): void {
  const marks = processes.withThread(tid)?.marks ?? 0n;
  if (marks !== 0n && fd >= 0 && fd < MARKS_SIZE) new ProcessMemory(tid).write(marks + BigInt(fd), byte);
}
