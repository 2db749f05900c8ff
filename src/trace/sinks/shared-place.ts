/**
 * What the program itself writes to the place where the trace goes, as far as the trace
 * tells: so that a trace on the program's terminal or pipe does not go on in a line that
 * the program began ("Password: "). Only the first process is known to have our
 * standard output and error as its own; once any other may have written there, nobody
 * can tell, and the output helps itself ({@link Output.foreignText}).
 */
import type { CallRecord, TraceRecord } from "../record.ts";
import type { Output } from "./output.ts";

export class SharedPlace {
  readonly #output: Output;
  readonly #descriptors: readonly number[];
  #firstPid: number | undefined;
  #others = false;

  constructor(output: Output) {
    this.#output = output;
    this.#descriptors = [1, 2].filter((fd) => output.isSameAs(fd));
  }

  /** To be called before the record itself is written. */
  see(record: TraceRecord): void {
    if (this.#others || this.#descriptors.length === 0) return;
    if (record.kind === "process-start") {
      this.#firstPid ??= record.pid;
      // Another one, or another program in the first's place, may have been given other descriptors.
      if (record.pid !== this.#firstPid || !record.hooked) this.#nobodyKnows();
    } else if (record.kind === "call" && record.call.startsWith("write")) this.#written(record);
  }

  #written({ call, args, result }: CallRecord): void {
    const [fd, data] = args;
    if (typeof fd?.value !== "number" || !this.#descriptors.includes(fd.value)) return;
    if (result === null || result <= 0n) return;
    const text = data?.text ?? "";
    // A buffer that is cut has dots behind the quote; writev's parts are not looked at.
    if (call === "write" && text.endsWith('"')) this.#output.foreignText(text.endsWith('\\n"'));
    else this.#output.foreignText(undefined);
  }

  #nobodyKnows(): void {
    this.#others = true;
    this.#output.foreignText(undefined);
  }
}
