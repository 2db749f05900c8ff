/**
 * The lines of `elsewhere trace --json`, declared once: for readers that want them
 * checked, and as docs/trace.schema.json (JSON Schema 2020-12), which a test derives
 * from here. New keys may come within a major version; none goes or changes its type.
 */
import { z } from "zod";

import type { JsonValue, ProcessExitRecord, ProcessStartRecord, Where } from "./record.ts";
import type { Summary } from "./sinks/summary.ts";

/** A {@link CallRecord} as it stands in a line. */
export interface CallLine {
  readonly kind: "call";
  readonly pid: number;
  readonly tid: number;
  readonly call: string;
  readonly args: Readonly<Record<string, JsonValue>>;
  readonly result: number | string | null;
  readonly errno: string | null;
  readonly timeUs: number;
  readonly durationUs: number | null;
  readonly where?: Where;
}

export type TraceLine = CallLine | ProcessStartRecord | ProcessExitRecord | Summary;

const id = (what: string): z.ZodInt => z.int().positive().describe(what);
const timeUs = z.number().describe("Microseconds since 1970 (UTC)");
const decimal = z.string().regex(/^-?\d+$/u);

const call = z
  .strictObject({
    kind: z.literal("call"),
    pid: id("Process id"),
    tid: id("Thread id; equal to pid for the first thread"),
    call: z.string().describe("The kernel's name of the call"),
    args: z
      .record(z.string(), z.json())
      .describe("The arguments by the kernel's names for them; integers beyond 2^53 are decimal strings"),
    result: z
      .union([z.int(), decimal])
      .nullable()
      .describe("What it returned (-1 where errno is set), a decimal string beyond 2^53; null: it did not return here"),
    errno: z
      .string()
      .regex(/^E[A-Z0-9]+$/u)
      .nullable()
      .describe("Name of the error, or null"),
    timeUs: timeUs.describe("When it began, microseconds since 1970 (UTC)"),
    durationUs: z.number().nonnegative().nullable().describe("How long it took; null where it did not return here"),
    where: z
      .strictObject({
        mode: z.string().describe("local, remote, remote-read, absent or refuse"),
        rule: z.string().describe("The pattern of the rule that decides"),
      })
      .exactOptional()
      .describe("Of a program in a target: where it happened"),
  })
  .describe("A system call");

const processStart = z
  .strictObject({
    kind: z.literal("process-start"),
    pid: id("Process id"),
    timeUs,
    program: z.string().describe("Path of the program"),
    hooked: z.boolean().describe("Whether its calls are in the trace"),
    reason: z.string().exactOptional().describe("Why not"),
  })
  .describe("A process began, or became another program (execve)");

const processExit = z
  .strictObject({
    kind: z.literal("process-exit"),
    pid: id("Process id"),
    timeUs,
    exitCode: z.int().min(0).max(255).nullable().describe("Null where a signal ended it or nobody could know"),
    signal: z.string().nullable().describe("The signal that ended it, SIGKILL, or null"),
  })
  .describe("A process ended");

const figures = {
  count: z.int().nonnegative(),
  errors: z.int().nonnegative().describe("How many of them failed"),
  totalUs: z.number().nonnegative().describe("Time in these calls"),
  share: z.number().min(0).max(1).describe("Of the time in all calls"),
  p50Us: z.number().nonnegative().nullable().describe("Median, within 1 %; null where none returned"),
  p99Us: z.number().nonnegative().nullable().describe("99th percentile, within 1 %"),
};

const summary = z
  .strictObject({
    kind: z.literal("summary"),
    calls: z.array(z.strictObject({ call: z.string(), ...figures })).describe("By total time, longest first"),
    total: z.strictObject(figures),
    unhooked: z
      .array(z.strictObject({ program: z.string(), reason: z.string().nullable(), processes: z.int().positive() }))
      .describe("Programs that ran without hooks, so that their calls are not counted"),
  })
  .describe("The only line with --summary");

/** Any line of `elsewhere trace --json`. */
export const traceLine: z.ZodType<TraceLine> = z
  .discriminatedUnion("kind", [call, processStart, processExit, summary])
  .meta({ title: "A line of elsewhere trace --json" });
