/**
 * The trace as JSON lines: one object a record, as docs/trace.schema.json says. Written
 * by hand rather than through an object and `JSON.stringify`, which would cost more than
 * the rest of the record's way.
 */
import type { CallRecord, DecodedArgument, JsonValue, TraceRecord, TraceSink } from "../record.ts";
import type { Output } from "./output.ts";
import { SharedPlace } from "./shared-place.ts";

export class JsonSink implements TraceSink {
  readonly #output: Output;
  readonly #place: SharedPlace;

  constructor(output: Output) {
    this.#output = output;
    this.#place = new SharedPlace(output);
  }

  write(record: TraceRecord): void {
    this.#place.see(record);
    this.#output.write(record.kind === "call" ? callLine(record) : `${JSON.stringify(record)}\n`);
  }

  close(): void {
    this.#output.close();
  }
}

function callLine(record: CallRecord): string {
  const { pid, tid, call, args, result, errno, timeUs, durationUs, where } = record;
  return (
    `{"kind":"call","pid":${pid},"tid":${tid},"call":"${call}","args":${argsJson(args)},"result":${resultJson(result)},` +
    `"errno":${errno === null ? "null" : `"${errno}"`},"timeUs":${timeUs},"durationUs":${durationUs}${where === undefined ? "" : `,"where":${JSON.stringify(where)}`}}\n`
  );
}

/** An object by the kernel's argument names. */
export function argsJson(args: readonly DecodedArgument[]): string {
  let json = "";
  for (const { name, value } of args) json += `${json === "" ? "{" : ","}"${name}":${valueJson(value)}`;
  return json === "" ? "{}" : `${json}}`;
}

/** A number, or beyond 2^53, where a double would lie, a decimal string. */
export function resultJson(result: bigint | null): string {
  if (result === null) return "null";
  const exact = result <= Number.MAX_SAFE_INTEGER && result >= Number.MIN_SAFE_INTEGER;
  return exact ? result.toString() : `"${result}"`;
}

function valueJson(value: JsonValue): string {
  return typeof value === "number" && Number.isSafeInteger(value) ? `${value}` : JSON.stringify(value);
}
