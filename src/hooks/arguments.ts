/** `call.args`: each argument by the kernel's name, read when it is asked for and then kept. */
import { inspect } from "node:util";
import type { CallSignature } from "../linux/calls.ts";
import { CallMemory } from "./memory.ts";
import { type ArgumentKind, argumentKind, integerOf } from "./parameters.ts";
import { MemoryPointer, type Pointer, textOf } from "./pointer.ts";

export type ArgumentValue = number | bigint | string | Pointer;

/** Where the arguments are. */
export interface ArgumentSource {
  readonly registers: readonly bigint[];
  readonly memory: CallMemory;
}

type Reader = (source: ArgumentSource) => ArgumentValue;

/** All arguments of a call; made once per call number. */
export type ArgumentsClass = new (source: ArgumentSource) => Readonly<Record<string, ArgumentValue>>;

export function argumentsClass({ name: call, parameters }: CallSignature): ArgumentsClass {
  const readers = parameters.map(({ name, type }, position) => ({
    name,
    read: readerOf(position, type, argumentKind(call, { name, type })),
  }));
  class Arguments {
    readonly #source: ArgumentSource;
    readonly #values: (ArgumentValue | undefined)[] = [];

    constructor(source: ArgumentSource) {
      this.#source = source;
    }

    static {
      for (const [position, { name, read }] of readers.entries())
        Object.defineProperty(this.prototype, name, {
          enumerable: true,
          get(this: Arguments) {
            return (this.#values[position] ??= read(this.#source));
          },
        });
    }

    toJSON(): object {
      return Object.fromEntries(readers.map(({ name }) => [name, (this as unknown as Record<string, unknown>)[name]]));
    }

    [inspect.custom](): object {
      return this.toJSON();
    }
  }
  return Arguments as unknown as ArgumentsClass;
}

function readerOf(position: number, type: string, kind: ArgumentKind): Reader {
  const register = ({ registers }: ArgumentSource): bigint => registers[position] ?? 0n;
  if (kind === "string") return (source) => textOf(source.memory.cString(register(source)));
  if (kind === "pointer") return (source) => new MemoryPointer(source.memory, register(source));
  return (source) => integerOf(type, kind, register(source));
}
