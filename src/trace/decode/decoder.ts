/**
 * Decodes the arguments and the result of a call, for people as strace writes them and for machines as JSON
 * (value.ts says how). What is said about each call stands in the tables under calls/; a call without an entry
 * there is decoded by its C prototype alone.
 *
 * It works in two steps, because a call's output exists only after it: {@link Decoder.enter} before,
 * {@link Decoder.leave} after. Neither ever throws: a pointer that cannot be followed is shown as an address.
 */
import type { Abi } from "../../linux/abi.ts";
import type { CallTable, Parameter } from "../../linux/calls.ts";
import { errnoName, errnoText, maxErrno } from "../../linux/errno.ts";
import type { DecodedArgument } from "../record.ts";
import { path } from "./buffer.ts";
import { callFormats } from "./calls/all.ts";
import { resultFormats } from "./calls/results.ts";
import {
  decimal,
  hex,
  pointer,
  type ArgumentFormat,
  type CallState,
  type Format,
  type Print,
  type Scope,
} from "./format.ts";
import type { Memory } from "./memory.ts";
import { argumentScalar, type Scalar } from "../../linux/scalar.ts";
import { type Decoded, type Integer } from "./value.ts";

export type { Memory } from "./memory.ts";

export interface CallInMemory {
  /** Kernel name. */
  readonly name: string;
  /** Six registers, unsigned 64-bit. */
  readonly args: readonly bigint[];
  readonly memory: Memory;
}

export interface DecoderOptions {
  /** Bytes of a buffer and elements of an array that are shown; strace's -s. */
  readonly stringLimit: number;
}

export interface DecodedCall {
  readonly args: readonly DecodedArgument[];
  /** For people: "3", "-1 ENOENT (No such file or directory)", "?". */
  readonly resultText: string;
  /** Name of the error, or its number where it has none. */
  readonly errno: string | null;
  /** −1 for an error. */
  readonly result: bigint | null;
}

interface BoundArgument {
  readonly name: string;
  readonly position: number;
  readonly register: Scalar;
  readonly enter: Print | undefined;
  readonly leave: ((value: Integer, call: CallState, entered: Decoded | undefined) => Decoded | undefined) | undefined;
}

interface BoundCall {
  readonly args: readonly BoundArgument[];
  readonly result: ((result: bigint, call: CallState) => string) | undefined;
}

/** A call between {@link Decoder.enter} and {@link Decoder.leave}. */
export interface PendingCall {
  readonly args: readonly bigint[];
  /** @internal */
  readonly bound: BoundCall;
  /** @internal What is known already, argument by argument. */
  readonly entered: readonly (Decoded | undefined)[];
}

export class Decoder {
  readonly #abi: Abi;
  readonly #calls: CallTable;
  readonly #options: DecoderOptions;
  readonly #bound = new Map<string, BoundCall>();

  /** @param abi the machine's calls, named values and layouts */
  constructor(abi: Abi, options: DecoderOptions) {
    this.#calls = abi.calls;
    this.#abi = abi;
    this.#options = options;
  }

  /** Before the call: input arguments decoded, output arguments left pending. */
  enter(call: CallInMemory): PendingCall {
    let bound = this.#bound.get(call.name);
    if (bound === undefined) this.#bound.set(call.name, (bound = this.#bind(call.name)));
    const state: CallState = { args: call.args, memory: call.memory, result: null, succeeded: false };
    const entered = bound.args.map(({ enter, position, register }) =>
      enter?.(register.register(call.args[position] ?? 0n), state),
    );
    return { args: call.args, bound, entered };
  }

  /**
   * After it: output arguments filled in.
   * @param result signed; −4095 … −1 is −errno; null: it did not return
   */
  leave(pending: PendingCall, memory: Memory, result: bigint | null): DecodedCall {
    const { bound, entered } = pending;
    const failed = result !== null && result < 0n && result >= -maxErrno;
    const state: CallState = { args: pending.args, memory, result, succeeded: result !== null && !failed };
    const args: DecodedArgument[] = [];
    for (const [index, { name, leave, position, register }] of bound.args.entries()) {
      const before = entered[index];
      const decoded =
        leave === undefined ? before : leave(register.register(pending.args[position] ?? 0n), state, before);
      if (decoded !== undefined) args.push({ name, value: decoded.value, text: decoded.text });
    }
    if (result === null) return { args, resultText: "?", errno: null, result };
    if (!failed) return { args, resultText: bound.result?.(result, state) ?? result.toString(), errno: null, result };
    const number = Number(-result);
    const errno = errnoName(number);
    return {
      args,
      resultText: errno === undefined ? `-1 (errno ${number})` : `-1 ${errno} (${errnoText(number)})`,
      errno: errno ?? number.toString(),
      result: -1n,
    };
  }

  #bind(name: string): BoundCall {
    const signature = this.#calls.signature(name);
    const parameters = signature?.parameters ?? unknownParameters;
    const scope: Scope = {
      abi: this.#abi,
      stringLimit: this.#options.stringLimit,
      position: (argument) => {
        const position = parameters.findIndex((parameter) => parameter.name === argument);
        if (position < 0) throw new Error(`invariant broken: ${name} has no argument ${argument}`);
        return position;
      },
    };
    const formats = signature === undefined ? {} : (callFormats[name] ?? {});
    // A table entry that names every argument says in which order they are printed.
    const named = Object.keys(formats);
    const order = named.length === parameters.length ? named : parameters.map((parameter) => parameter.name);
    const args = order.map((argument): BoundArgument => {
      const position = scope.position(argument);
      const parameter = parameters[position] as Parameter;
      const format: ArgumentFormat = formats[argument] ?? prototypeFormat(parameter);
      const isInput = typeof format === "function";
      return {
        name: argument,
        position,
        register: argumentScalar(parameter.type),
        enter: isInput ? format(scope) : format.enter?.(scope),
        leave: isInput ? undefined : format.leave(scope),
      };
    });
    return { args, result: signature === undefined ? undefined : resultFormats[name]?.(scope) };
  }
}

/** Arguments of a number without a name. */
const unknownParameters: readonly Parameter[] = [1, 2, 3, 4, 5, 6].map((index) => ({
  name: `arg${index}`,
  type: "unsigned long",
}));

/** What a C type alone tells. */
function prototypeFormat({ name, type }: Parameter): Format {
  if (type === "const char *" && /name|path|library|type|description|uargs/.test(name)) return path;
  if (type.endsWith("*")) return pointer;
  if (/flags|mask|option|cmd|arg|addr/.test(name) || (type === "unsigned long" && !/len|size|count|nr|max/.test(name)))
    return hex;
  return decimal;
}
