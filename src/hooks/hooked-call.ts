/** A call as one hook sees it: the arguments that the hooks in front of it have left, and what it may do. */
import { inspect } from "node:util";
import { assert } from "../errors.ts";
import { errnoNumber } from "../linux/errno.ts";
import { i32 } from "../linux/scalar.ts";
import type { OpenFile } from "../model/open-file.ts";
import type { Done } from "../process/call.ts";
import { ADDRESS_MAX, type NewAddress, type SocketAddress, socketAddress } from "./address.ts";
import type { ArgumentValue } from "./arguments.ts";
import { addressInHeader, bufferOf, type CallBuffer, MSGHDR } from "./buffer.ts";
import { type ChangeContext, changedRegisters, newRegisters } from "./changes.ts";
import type { ErrnoName } from "./generated/calls.ts";
import type { Journey } from "./journey.ts";
import type { CallMemory } from "./memory.ts";
import { isRefused, linkArguments, openedPath, openingFlags, openInside, openServed, whyNot } from "./open-with.ts";
import { canOpen } from "./parameters.ts";
import { MemoryPointer, type Pointer, textOf } from "./pointer.ts";
import { type Content, isSealedFile, SealedFile } from "./sealed-file.ts";
import { type Handled, ServedFile } from "./served-file.ts";
import { startsProgram, type Started } from "./starting.ts";
import type { AnyCall, CallingProcess, CallName, NewArgument } from "./types.ts";

const EIO = -5n;

/** {@link AnyCall} and every HookCall; types.ts says what each member is for. */
export class HookedCall implements Omit<AnyCall, "is"> {
  /** Which hook of the chain it is made for. */
  readonly position: number;
  /** Registers other than the program's own. */
  readonly changed: readonly bigint[] | undefined;
  /** Whether the hook has called `proceed`. */
  hasProceeded = false;
  readonly #journey: Journey;
  #registers: readonly bigint[] | undefined;
  #args: Readonly<Record<string, ArgumentValue>> | undefined;
  #path: string | undefined;
  #proceeding: Promise<number | null> | undefined;
  /** Of the last `proceed`; undefined until it is there. */
  #result: bigint | null | undefined;
  #whenProceeded: Done | undefined;

  constructor(journey: Journey, position: number, changed: readonly bigint[] | undefined) {
    this.#journey = journey;
    this.position = position;
    this.changed = changed;
  }

  get name(): CallName {
    return this.#journey.info.name;
  }

  get number(): number {
    return this.#journey.info.number;
  }

  get process(): CallingProcess {
    return this.#journey.process;
  }

  get tid(): number {
    return this.#journey.call.tid;
  }

  get time(): number {
    return performance.timeOrigin + this.#journey.startedMs;
  }

  get signal(): AbortSignal {
    return this.#journey.signal;
  }

  get memory(): CallMemory {
    return this.#journey.memory;
  }

  get registers(): readonly bigint[] {
    if (this.#registers === undefined) {
      if (this.#journey.isOver) throw new Error("the call is over: read what you need of it before");
      this.#registers = this.changed ?? this.#journey.call.args;
    }
    return this.#registers;
  }

  get args(): Readonly<Record<string, ArgumentValue>> {
    return (this.#args ??= new this.#journey.info.Arguments(this));
  }

  get path(): string | undefined {
    const { path } = this.#journey.info.features;
    if (path === undefined) return undefined;
    return (this.#path ??= textOf(this.memory.cString(this.registers[path] ?? 0n)));
  }

  get fd(): number | undefined {
    const { descriptor } = this.#journey.info.features;
    return descriptor === undefined ? undefined : Number(BigInt.asIntN(32, this.registers[descriptor] ?? 0n));
  }

  get buffer(): CallBuffer | undefined {
    const { buffer } = this.#journey.info.features;
    return buffer === undefined ? undefined : bufferOf(this.memory, buffer, this.registers);
  }

  get address(): SocketAddress | undefined {
    const found = this.#addressAt();
    if (found === undefined || found.at === 0n) return undefined;
    return socketAddress(this.memory.read(found.at, Math.min(found.length, ADDRESS_MAX)));
  }

  fail(errno: ErrnoName): number {
    const number = errnoNumber(errno);
    if (number === undefined) throw new TypeError(`there is no error ${errno}`);
    return -number;
  }

  at(address: bigint): Pointer {
    return new MemoryPointer(this.memory, address);
  }

  lend(content: number | string | Uint8Array): Pointer {
    if (typeof content === "number") return this.#journey.lend(new Uint8Array(content));
    return this.#journey.lend(typeof content === "string" ? Buffer.from(`${content}\0`) : content);
  }

  is(name: CallName): boolean {
    return this.name === name;
  }

  proceed(changes?: Readonly<Record<string, NewArgument | NewAddress>>): Promise<number | null> {
    const journey = this.#journey;
    if (this.hasProceeded && this.#result === undefined)
      throw new Error(`${this.name}: proceed was called again before it had its result`);
    if (journey.isOver) return Promise.resolve(null);
    const args = changes === undefined ? this.changed : this.#changedBy(changes);
    if (changes === undefined) void this.registers; // they are the hook's for as long as it goes on
    const { promise, proceeded } = this.#expectResult();
    journey.enter(this.position + 1, args, true, proceeded);
    return promise;
  }

  run(name: CallName, args: Readonly<Record<string, NewArgument | undefined>> = {}): Promise<number | null> {
    const journey = this.#journey;
    const { behind, infos } = journey.surroundings;
    const info = infos.byName(name);
    if (info === undefined) throw new TypeError(`this machine has no call ${name}`);
    if (behind.isUnseen(info.number) || behind.isExec(info.number))
      throw new TypeError(`${name} does not return and cannot be run`);
    if (journey.isOver) return Promise.resolve(null);
    const registers = newRegisters(info, args, (content) => journey.lend(content));
    const { promise, resolve } = Promise.withResolvers<number | null>();
    journey.whenOver(() => resolve(null));
    journey.inThread((leave) =>
      behind.run(
        journey.call,
        (result) => {
          resolve(Number(result)); // before the call may end
          leave();
        },
        info.number,
        registers,
      ),
    );
    return promise;
  }

  openWith(file: Content | Handled): Promise<number | null> {
    if (!canOpen(this.name)) throw new TypeError(`${this.name} opens no file`);
    const journey = this.#journey;
    const { behind, infos, onOpenWith } = journey.surroundings;
    if (journey.isOver) return Promise.resolve(null);
    onOpenWith("handlers" in file);
    if ("handlers" in file) return this.#later(this.#openServed(file));
    const flags = openingFlags(this);
    const error = flags < 0 ? flags : whyNot(flags);
    if (error < 0) return this.#later(Promise.resolve(error));
    const path = isSealedFile(file) ? this.path : openedPath(this);
    const sealed = isSealedFile(file) ? file : new SealedFile(path ?? "/", file);
    const openat = infos.byName("openat");
    assert(openat !== undefined, "every machine has openat");
    const registers = newRegisters(openat, linkArguments(sealed.link, flags), (content) => journey.lend(content));
    const { promise, proceeded } = this.#expectResult();
    journey.inThread((leave) =>
      behind.run(
        journey.call,
        (result) => {
          if (sealed !== file) sealed[Symbol.dispose]();
          if (isRefused(Number(result))) void this.#later(openInside(this, path ?? "/", sealed, flags), proceeded);
          else {
            if (behind.isListening) this.#opened(Number(result));
            proceeded(result); // before the call may end
          }
          leave();
        },
        openat.number,
        registers,
      ),
    );
    return promise;
  }

  /** See {@link StartingCall}. */
  startAs({ file, program, argv }: Started): Promise<number | null> {
    if (!startsProgram(this.name)) throw new TypeError(`${this.name} starts no program`);
    this.#journey.program = program;
    return this.proceed({ filename: file, ...(argv && { argv: this.#pointersTo(argv) }) });
  }

  delay({ milliseconds }: { readonly milliseconds: number }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#journey.whenOver(() => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }

  /** Whether this is the very promise that `proceed` gave: then nobody needs to wait for it. */
  isProceeding(promise: Promise<unknown>): boolean {
    return promise === this.#proceeding;
  }

  /** `then` gets the result of `proceed`, now or when it is there. */
  whenProceeded(then: Done): void {
    if (this.#result === undefined) this.#whenProceeded = then;
    else then(this.#result);
  }

  /** A result as a hook returned it; numbers are rounded, and the one that `proceed` gave stands for its exact value. */
  exactly(result: number): bigint {
    if (this.#result !== undefined && this.#result !== null && Number(this.#result) === result) return this.#result;
    return BigInt(result);
  }

  toJSON(): object {
    const { name, tid, args } = this;
    return { name, pid: this.process.pid, tid, args };
  }

  static {
    // As a method it would need a type of its own in the declarations.
    Object.defineProperty(this.prototype, inspect.custom, { value: this.prototype.toJSON });
  }

  /** From now on what `proceeded` gets is the result, which stands where the hook says nothing else. */
  #expectResult(): { readonly promise: Promise<number | null>; readonly proceeded: Done } {
    this.hasProceeded = true;
    this.#result = undefined;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#proceeding = promise;
    let isOpen = true;
    const proceeded: Done = (result) => {
      if (!isOpen) return;
      isOpen = false;
      this.#result = result;
      resolve(result === null ? null : Number(result));
      const then = this.#whenProceeded;
      this.#whenProceeded = undefined;
      then?.(result);
    };
    this.#journey.whenOver(() => proceeded(null));
    return { promise, proceeded };
  }

  /** Has the outcome of `work` be the result. */
  #later(work: Promise<number | null>, proceeded?: Done): Promise<number | null> {
    const expected = proceeded === undefined ? this.#expectResult() : { promise: work, proceeded };
    work.then(
      (result) => expected.proceeded(result === null ? null : BigInt(result)),
      (error: unknown) => {
        this.#journey.failed(this.position, error);
        expected.proceeded(EIO);
      },
    );
    return expected.promise;
  }

  async #openServed(file: Handled): Promise<number | null> {
    const served = new ServedFile(file, (error) => this.#journey.failed(this.position, error));
    void this.#journey.surroundings.behind.model; // it listens before there is something to hear
    let fd: number | null = null;
    const result = await served.attempt(async () => (fd = await openServed(this, file)) ?? 0);
    const opened = this.#opened(fd);
    if (fd === null || opened === undefined) return fd === null && result < 0 ? result : fd;
    served.serve(opened);
    opened.onReleased.push(() => served.close());
    this.process.descriptors.mark(fd);
    return fd;
  }

  /** The program has opened something in its path's place. */
  #opened(fd: number | null): OpenFile | undefined {
    const { call, surroundings, isOver } = this.#journey;
    if (fd === null || fd < 0 || isOver) return undefined;
    const file = surroundings.behind.model.of(call).descriptors.get(fd)?.file;
    if (file !== undefined) file.path = this.path;
    return file;
  }

  #changedBy(changes: Readonly<Record<string, unknown>>): readonly bigint[] {
    const journey = this.#journey;
    if (journey.surroundings.behind.isUnseen(this.number))
      throw new TypeError(`${this.name} cannot be changed: the kernel serves it unseen`);
    const context: ChangeContext = {
      info: journey.info,
      registers: this.registers,
      memory: this.memory,
      lend: (content) => journey.lend(content),
    };
    return changedRegisters(context, changes);
  }

  /** A NULL-terminated array of strings, as argv is. */
  #pointersTo(strings: readonly Uint8Array[]): Pointer {
    const addresses = strings.map((bytes) => this.#journey.lend(Buffer.concat([bytes, Buffer.alloc(1)])).address);
    return this.#journey.lend(new Uint8Array(BigUint64Array.from([...addresses, 0n]).buffer));
  }

  #addressAt(): { readonly at: bigint; readonly length: number } | undefined {
    const { address } = this.#journey.info.features;
    if (address === undefined) return undefined;
    // The kernel has written one only where it succeeded.
    if (address.isOutput && (this.#result === undefined || this.#result === null || this.#result < 0n))
      return undefined;
    const pointer = this.registers[address.pointer] ?? 0n;
    if (address.inMessage) {
      const header = this.memory.read(pointer, MSGHDR);
      if (header.length < MSGHDR) return undefined;
      const { address: at, length } = addressInHeader(header);
      return { at, length };
    }
    const length = this.registers[address.length] ?? 0n;
    if (!address.isOutput) return { at: pointer, length: Number(BigInt.asIntN(32, length)) };
    const size = this.memory.read(length, 4);
    return size.length < 4 ? undefined : { at: pointer, length: i32(size, 0) };
  }
}
