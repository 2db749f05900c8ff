/** The process of a call, as its hooks see it: what costs something is looked up when it is asked for. */
import { CallDescriptors } from "./descriptors.ts";
import type { Journey } from "./journey.ts";
import type { CallingProcess } from "./types.ts";

export class JourneyProcess implements CallingProcess {
  readonly pid: number;
  readonly program: string;
  readonly #journey: Journey;

  constructor(journey: Journey) {
    const { pid, program } = journey.call.process;
    this.pid = pid;
    this.program = program;
    this.#journey = journey;
  }

  get descriptors(): CallDescriptors {
    const { call, surroundings, isOver } = this.#journey;
    if (isOver) throw new Error("the call is over: ask for descriptors before");
    return new CallDescriptors(call, surroundings.behind.model, surroundings.supervisor.processes);
  }

  get cwd(): string {
    const { call, surroundings } = this.#journey;
    return surroundings.behind.model.of(call).directory.pathFor(call.tid) ?? "/";
  }
}
