/**
 * The kernel, with the model listening to what is asked of it. It costs nothing before somebody wants to know what a
 * thread has: from then on every call that changes it is asked.
 */
import type { Capture } from "../mailbox/journal.ts";
import type { Machine } from "../machine/machine.ts";
import type { Call, Done, Reported } from "../process/call.ts";
import type { CallServer, Wish } from "../process/kernel.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { Model } from "./model.ts";

export class ListeningKernel implements CallServer {
  onCalls: (() => void) | undefined;
  calls: readonly number[];
  readonly markedCalls: readonly number[];
  readonly #supervisor: Supervisor;
  readonly #machine: Machine;
  readonly #behind: CallServer;
  #model: Model | undefined;
  /** Calls that the model must hear of, by number. */
  readonly #heard: boolean[] = [];

  constructor(supervisor: Supervisor, machine: Machine, behind: CallServer) {
    this.#supervisor = supervisor;
    this.#machine = machine;
    this.#behind = behind;
    this.calls = behind.calls;
    this.markedCalls = behind.markedCalls;
  }

  get paths(): ReadonlyMap<number, Capture> {
    return this.#behind.paths;
  }

  get isListening(): boolean {
    return this.#model !== undefined;
  }

  /** The model; it listens from the first time on. */
  get model(): Model {
    if (this.#model === undefined) {
      this.#model = new Model(this.#supervisor, this.#machine);
      for (const number of this.#model.calls) this.#heard[number] = true;
      this.calls = [...new Set([...this.#behind.calls, ...this.#model.calls])];
      this.onCalls?.();
    }
    return this.#model;
  }

  serve(call: Call, done: Done, wish: Wish): void {
    if (this.#model === undefined || this.#heard[call.number] !== true) {
      this.#behind.serve(call, done, wish);
      return;
    }
    const model = this.#model;
    const flight = model.before(call, call.number, wish.args);
    const heard: Done = (result) => {
      if (result !== null) model.observe(flight, result);
      done(result);
    };
    this.#behind.serve(call, heard, { ...wish, result: true });
  }

  run(call: Call, reported: Reported, number: number, args: readonly bigint[]): void {
    if (this.#model === undefined || this.#heard[number] !== true) {
      this.#behind.run(call, reported, number, args);
      return;
    }
    const model = this.#model;
    const flight = model.before(call, number, args);
    this.#behind.run(
      call,
      (result) => {
        model.observe(flight, result);
        reported(result);
      },
      number,
      args,
    );
  }

  isUnseen(number: number): boolean {
    return this.#behind.isUnseen(number);
  }

  isExec(number: number): boolean {
    return this.#behind.isExec(number);
  }
}
