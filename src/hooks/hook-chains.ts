/**
 * Which hooks are asked about which call, in which order: those of the set that was added
 * first are outermost, and some stay innermost, whatever is added later. Only calls that a hook names are asked for.
 */
import type { CallTable } from "../linux/calls.ts";
import type { Capture } from "../mailbox/journal.ts";
import type { Call, Done, Reported } from "../process/call.ts";
import type { CallServer, Wish } from "../process/kernel.ts";
import type { Supervisor } from "../process/supervisor.ts";
import type { ListeningKernel } from "../model/listening.ts";
import { CallInfos } from "./call-info.ts";
import { bindHooks, type BoundHook, type HookSet } from "./define.ts";
import { Failures, type OnHookError } from "./failure.ts";
import { isInRing, withoutRings } from "./io-uring.ts";
import { Journey, type Surroundings } from "./journey.ts";
import { openedPaths } from "./opened-paths.ts";
import { servedFiles } from "./served-files.ts";

export interface HookChainsOptions {
  readonly calls: CallTable;
  /** Makes the calls in the end. */
  readonly behind: ListeningKernel;
  readonly onHookError?: OnHookError | undefined;
  /** Asked behind all others, also those that are added later. */
  readonly innermost?: readonly HookSet[] | undefined;
}

/** A set, and its hooks by call number. */
interface Bound {
  readonly set: HookSet;
  readonly bound: readonly (readonly BoundHook[])[];
}

export class HookChains implements CallServer {
  onCalls: (() => void) | undefined;
  readonly #table: CallTable;
  readonly #surroundings: Surroundings;
  readonly #sets: Bound[] = [];
  readonly #innermost: readonly Bound[];
  /** By call number. A call keeps the chain that it began with. */
  #chains: readonly (readonly BoundHook[])[] = [];
  #calls: readonly number[] = [];
  #markedCalls: readonly number[] = [];
  /** A hook has opened a file of its own. */
  #hasOpened = false;
  /** One that handlers serve. */
  #hasServed = false;

  constructor(supervisor: Supervisor, { calls, behind, onHookError, innermost }: HookChainsOptions) {
    this.#table = calls;
    this.#innermost = (innermost ?? []).map((set) => this.#bind(set));
    this.#surroundings = {
      supervisor,
      infos: new CallInfos(calls),
      behind,
      failures: new Failures(onHookError),
      onOpenWith: (isServed) => {
        if (this.#hasOpened && (this.#hasServed || !isServed)) return;
        this.#hasOpened = true;
        this.#hasServed ||= isServed;
        this.#changed();
      },
    };
    behind.onCalls = () => this.#changed();
    const isAtWork = ({ set }: Bound): boolean => set.hasWork?.() === true;
    supervisor.hasOtherWork = () => this.#sets.some(isAtWork) || this.#innermost.some(isAtWork);
    this.#changed();
  }

  get calls(): readonly number[] {
    return this.#calls;
  }

  get markedCalls(): readonly number[] {
    return this.#markedCalls;
  }

  get paths(): ReadonlyMap<number, Capture> {
    return this.#surroundings.behind.paths;
  }

  get #all(): readonly Bound[] {
    return [...this.#sets, ...this.#innermost];
  }

  /** Asked behind all that were added before. @throws ElsewhereError on a set that names what is not there */
  add(...sets: readonly HookSet[]): void {
    const bound = sets.map((set) => this.#bind(set));
    this.#sets.push(...bound);
    this.#changed();
  }

  /** Calls that wait for one of the set's hooks still get its answer. */
  remove(...sets: readonly HookSet[]): void {
    for (const set of sets) {
      const index = this.#sets.findIndex((each) => each.set === set);
      if (index >= 0) this.#sets.splice(index, 1);
    }
    this.#changed();
  }

  /** `after` stands where `before` stood. */
  replace(before: HookSet, after: HookSet): void {
    const bound = this.#bind(after);
    const index = this.#sets.findIndex(({ set }) => set === before);
    if (index < 0) this.#sets.push(bound);
    else this.#sets[index] = bound;
    this.#changed();
  }

  /** The program has ended: sets that want to know are told. */
  async ended(): Promise<void> {
    for (const { set } of this.#all) await set.ended?.();
  }

  run(call: Call, reported: Reported, number: number, args: readonly bigint[]): void {
    this.#surroundings.behind.run(call, reported, number, args);
  }

  isUnseen(number: number): boolean {
    return this.#surroundings.behind.isUnseen(number);
  }

  isExec(number: number): boolean {
    return this.#surroundings.behind.isExec(number);
  }

  serve(call: Call, done: Done, wish: Wish): void {
    const chain = this.#chains[call.number];
    const info = chain === undefined ? undefined : this.#surroundings.infos.get(call.number);
    if (chain === undefined || info === undefined) this.#surroundings.behind.serve(call, done, wish);
    else new Journey(this.#surroundings, call, info, chain, done, wish.result).begin();
  }

  #bind(set: HookSet): Bound {
    return { set, bound: bindHooks(set, this.#table) };
  }

  #changed(): void {
    const chains: BoundHook[][] = [];
    for (const { bound } of this.#all)
      for (const [number, hooks] of bound.entries()) if (hooks !== undefined) (chains[number] ??= []).push(...hooks);
    const addInnermost = (set: HookSet): void => {
      for (const [number, hooks] of bindHooks(set, this.#table).entries())
        if (hooks !== undefined) (chains[number] ??= []).push(...hooks);
    };
    if (this.#hasOpened) addInnermost(openedPaths);
    if (this.#hasServed) addInnermost(servedFiles);
    if (chains.some((chain, number) => chain !== undefined && isInRing(this.#table.name(number) ?? "")))
      addInnermost(withoutRings);
    this.#chains = chains;
    const hooked = [...chains.keys()].filter((number) => chains[number] !== undefined);
    const { calls } = this.#surroundings.behind;
    this.#markedCalls = hooked.filter((number) => !calls.includes(number) && this.#isForMarked(number, chains[number]));
    this.#calls = [...new Set([...calls, ...hooked])].filter((number) => !this.#markedCalls.includes(number));
    this.onCalls?.();
  }

  /** Whether nobody wants to be asked unless the first argument is a marked descriptor. */
  #isForMarked(number: number, chain: readonly BoundHook[] = []): boolean {
    return (
      this.#surroundings.infos.get(number)?.features.descriptor === 0 && chain.every(({ markedOnly }) => markedOnly)
    );
  }
}
