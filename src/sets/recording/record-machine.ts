/** What a run asks the machine, and its standard streams, while it is recorded. */
import type { AnyCall, Outcome } from "../../hooks/types.ts";
import { abis } from "../../linux/abi.ts";
import { requireHostMachine } from "../../machine/machines.ts";
import { answerAddress, answerSize, questionOf } from "./standard.ts";
import type { RecordingWriter } from "./writer.ts";

const { layouts } = abis[requireHostMachine().name];

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

export class MachineRecorder {
  readonly #writer: RecordingWriter;
  readonly #answered = new Map<string, string>();

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  async random(call: AnyCall, process: number): Promise<Outcome> {
    const result = await call.proceed();
    if (call.is("getrandom") && result !== null && result > 0)
      this.#writer.write({ k: "random", process, data: base64(call.args.buf.read(result)) });
    return result;
  }

  async uname(call: AnyCall): Promise<Outcome> {
    const result = await call.proceed();
    if (result !== null) this.#answer("uname", result, call.at(call.registers[0] ?? 0n).read(layouts.new_utsname.size));
    return result;
  }

  /** fstat and ioctl of a standard stream. */
  async ask(call: AnyCall, stream: number): Promise<Outcome> {
    const [key, size] = [questionOf(call, stream), answerSize(call, layouts.stat.size)];
    const result = await call.proceed();
    if (key === undefined || size === undefined || result === null) return result;
    this.#answer(key, result, result < 0 ? new Uint8Array(0) : call.at(answerAddress(call)).read(size));
    return result;
  }

  async input(call: AnyCall): Promise<Outcome> {
    const result = await call.proceed();
    if (result !== null && result >= 0 && call.buffer !== undefined && call.buffer.length > 0)
      this.#writer.write({ k: "input", data: base64(call.buffer.read(result)) });
    return result;
  }

  async output(call: AnyCall, fd: number): Promise<Outcome> {
    const bytes = call.buffer?.read() ?? new Uint8Array(0);
    const result = await call.proceed();
    if (result !== null && result > 0) this.#writer.write({ k: "output", fd, data: base64(bytes.subarray(0, result)) });
    return result;
  }

  #answer(key: string, result: number, bytes: Uint8Array): void {
    const data = base64(bytes);
    if (this.#answered.get(key) === `${result} ${data}`) return;
    this.#answered.set(key, `${result} ${data}`);
    this.#writer.write({ k: "answer", key, result, data });
  }
}
