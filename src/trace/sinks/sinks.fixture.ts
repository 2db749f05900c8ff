/** What the tests of all sinks share: records as a tracer makes them, and an output that is a string. */
import type { CallRecord, DecodedArgument, TraceRecord, TraceSink } from "../record.ts";
import type { Output } from "./output.ts";

/** A Thursday in November 2023, 10:20:30.123456 UTC. */
export const startUs = 1_700_130_030_123_456;

export const argument = (name: string, value: DecodedArgument["value"], text: string): DecodedArgument => ({
  name,
  value,
  text,
});

/** `openat` of /etc/hosts, and whatever is different about it. */
export function callRecord(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    kind: "call",
    pid: 4123,
    tid: 4123,
    call: "openat",
    args: [
      argument("dfd", -100, "AT_FDCWD"),
      argument("filename", "/etc/hosts", '"/etc/hosts"'),
      argument("flags", ["O_RDONLY", "O_CLOEXEC"], "O_RDONLY|O_CLOEXEC"),
      argument("mode", 0, "0"),
    ],
    result: 3n,
    errno: null,
    resultText: "3",
    timeUs: startUs,
    durationUs: 12.34,
    ...changes,
  };
}

/** A small run: two threads, a call that fails, one that does not return, a child that is not hooked. */
export const run: readonly TraceRecord[] = [
  { kind: "process-start", pid: 4123, timeUs: startUs - 900, program: "/srv/bin/server", hooked: true },
  callRecord(),
  callRecord({
    tid: 4125,
    call: "connect",
    args: [
      argument("fd", 7, "7"),
      argument(
        "uservaddr",
        { sa_family: "AF_INET", sin_port: 5432, sin_addr: "127.0.0.1" },
        '{sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}',
      ),
      argument("addrlen", 16, "16"),
    ],
    result: -1n,
    errno: "ECONNREFUSED",
    resultText: "-1 ECONNREFUSED (Connection refused)",
    timeUs: startUs + 250.5,
    durationUs: 1850,
  }),
  callRecord({ call: "getpid", args: [], result: 4123n, resultText: "4123", timeUs: startUs + 3000, durationUs: 0.25 }),
  {
    kind: "process-start",
    pid: 4130,
    timeUs: startUs + 5000,
    program: "/bin/sh",
    hooked: false,
    reason: "not a Go program",
  },
  callRecord({
    call: "mmap",
    args: [argument("addr", 0, "NULL"), argument("len", "18446744073709551615", "18446744073709551615")],
    result: 0x7fff_ffff_ffff_f000n,
    resultText: "0x7ffffffffffff000",
    timeUs: startUs + 6000,
    durationUs: 3.1,
  }),
  { kind: "process-exit", pid: 4130, timeUs: startUs + 9000, exitCode: null, signal: "SIGKILL" },
  callRecord({
    call: "exit_group",
    args: [argument("error_code", 1, "1")],
    result: null,
    resultText: "?",
    timeUs: startUs + 9500,
    durationUs: null,
  }),
  { kind: "process-exit", pid: 4123, timeUs: startUs + 9900, exitCode: 1, signal: null },
];

export class MemoryOutput implements Output {
  text = "";
  /** Our descriptors that lead here. */
  same: readonly number[] = [];
  closed = 0;
  readonly foreign: (boolean | undefined)[] = [];

  write(text: string): void {
    this.text += text;
  }
  isSameAs(fd: number): boolean {
    return this.same.includes(fd);
  }
  foreignText(endsLine: boolean | undefined): void {
    this.foreign.push(endsLine);
  }
  flush(): void {}
  close(): void {
    this.closed++;
  }
}

/** What a sink writes for these records, from the first to its close. */
export function written(make: (output: Output) => TraceSink, records: readonly TraceRecord[]): string {
  const output = new MemoryOutput();
  const sink = make(output);
  for (const record of records) sink.write(record);
  sink.close();
  if (output.closed !== 1) throw new Error(`closed ${output.closed} times`);
  return output.text;
}
