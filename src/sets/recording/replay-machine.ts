/** What a run asks the machine, and its standard streams, while it is replayed. */
import type { AnyCall, Outcome } from "../../hooks/types.ts";
import { bytesOf, type Recording } from "./contents.ts";
import { type Difference, firstDifference, shown } from "./differences.ts";
import { answerAddress, questionOf } from "./standard.ts";

const EFAULT = -14;

export class MachineReplayer {
  readonly #tell: (difference: Difference) => void;
  readonly #answers = new Map<string, { readonly result: number; readonly data: string }[]>();
  /**
   * By recorded process and length: Go reads a single byte now and then, or not, so that nobody relies on what comes next
   * (crypto/internal/randutil, MaybeReadByte).
   */
  readonly #random = new Map<string, Buffer[]>();
  readonly #input: Buffer;
  /** Whether the recorded run has read standard input to its end. */
  readonly #hasInputEnded: boolean;
  #read = 0;
  readonly #outputs = new Map<number, Output>();

  constructor(recording: Recording, tell: (difference: Difference) => void) {
    this.#tell = tell;
    for (const { key, result, data } of recording.all("answer"))
      this.#answers.set(key, [...(this.#answers.get(key) ?? []), { result, data }]);
    for (const { process, data } of recording.all("random")) {
      const bytes = bytesOf(data);
      const key = `${process} ${bytes.length}`;
      this.#random.set(key, [...(this.#random.get(key) ?? []), bytes]);
    }
    const input = recording.all("input");
    this.#input = Buffer.concat(input.map(({ data }) => bytesOf(data)));
    this.#hasInputEnded = input.some(({ data }) => data === "");
    for (const fd of [1, 2]) {
      const wanted = Buffer.concat(
        recording.all("output").flatMap((event) => (event.fd === fd ? bytesOf(event.data) : [])),
      );
      this.#outputs.set(fd, { wanted, at: 0, isTold: false });
    }
  }

  /** @param process the recorded one that this one stands for */
  async random(call: AnyCall, process: number): Promise<Outcome> {
    if (!call.is("getrandom")) return undefined;
    const length = call.args.count;
    const bytes = this.#random.get(`${process} ${length}`)?.shift();
    if (bytes !== undefined) return call.args.buf.write(bytes) < 0 ? EFAULT : length;
    if (length > 1)
      this.#tell({
        kind: "unreproducible",
        what: "getrandom",
        wanted: `no more ${length} bytes`,
        found: `${length} bytes`,
      });
    return call.proceed();
  }

  uname(call: AnyCall): Outcome {
    return this.#answer(call, "uname", call.registers[0] ?? 0n);
  }

  /** fstat and ioctl of a standard stream. */
  ask(call: AnyCall, stream: number): Outcome {
    const key = questionOf(call, stream);
    return key === undefined ? undefined : this.#answer(call, key, answerAddress(call));
  }

  input(call: AnyCall): Outcome {
    const { buffer } = call;
    if (buffer === undefined) return undefined;
    const bytes = this.#input.subarray(this.#read, this.#read + buffer.length);
    if (bytes.length === 0 && buffer.length > 0 && !this.#hasInputEnded)
      this.#tell({ kind: "unrecorded", call: call.name, what: "standard input", outcome: "its end" });
    const result = bytes.length === 0 ? 0 : buffer.write(bytes);
    if (result > 0) this.#read += result;
    return result;
  }

  /** Written for whoever looks, and held against what was written then. */
  async output(call: AnyCall, fd: number): Promise<Outcome> {
    const bytes = call.buffer?.read() ?? new Uint8Array(0);
    const result = await call.proceed();
    const output = this.#outputs.get(fd);
    if (result === null || result <= 0 || output === undefined) return result;
    const found = bytes.subarray(0, result);
    const wanted = output.wanted.subarray(output.at, output.at + result);
    const difference = firstDifference(wanted, found, output.at);
    if (difference !== undefined) this.#differs(fd, output, difference);
    output.at += result;
    return result;
  }

  /** The program has ended. */
  end(): void {
    for (const [fd, output] of this.#outputs)
      if (output.at < output.wanted.length)
        this.#differs(fd, output, { offset: output.at, wanted: shown(output.wanted, output.at), found: "its end" });
  }

  /** The first difference: all that comes after it may be different. */
  #differs(fd: number, output: Output, difference: ReturnType<typeof firstDifference>): void {
    if (output.isTold) return;
    output.isTold = true;
    this.#tell({ kind: "output", what: fd === 1 ? "standard output" : "standard error", ...difference });
  }

  /** The next answer of several; the last one for good. */
  #answer(call: AnyCall, key: string, address: bigint): Outcome {
    const answers = this.#answers.get(key) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) return undefined;
    if (answer.result >= 0) call.at(address).write(bytesOf(answer.data));
    return answer.result;
  }
}

interface Output {
  readonly wanted: Buffer;
  /** How much was written. */
  at: number;
  isTold: boolean;
}
