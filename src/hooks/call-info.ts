/** What is the same for every call of a number: its name, its parameters, what hooks can ask for. */
import type { CallSignature, CallTable } from "../linux/calls.ts";
import { type ArgumentsClass, argumentsClass } from "./arguments.ts";
import { type Features, featuresOf } from "./parameters.ts";
import type { CallName } from "./types.ts";

export interface CallInfo {
  readonly number: number;
  readonly name: CallName;
  readonly signature: CallSignature;
  readonly features: Features;
  readonly Arguments: ArgumentsClass;
}

export class CallInfos {
  readonly #calls: CallTable;
  readonly #known: CallInfo[] = [];

  constructor(calls: CallTable) {
    this.#calls = calls;
  }

  /** Undefined where the number has no call behind it that we know. */
  get(number: number): CallInfo | undefined {
    return (this.#known[number] ??= this.#make(number) as CallInfo);
  }

  byName(name: string): CallInfo | undefined {
    const number = this.#calls.number(name);
    return number === undefined ? undefined : this.get(number);
  }

  #make(number: number): CallInfo | undefined {
    const name = this.#calls.name(number);
    const signature = name === undefined ? undefined : this.#calls.signature(name);
    if (signature === undefined) return undefined;
    return {
      number,
      name: signature.name as CallName,
      signature,
      features: featuresOf(signature),
      Arguments: argumentsClass(signature),
    };
  }
}
