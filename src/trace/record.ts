/** What a trace is made of: the records that the tracer produces and every output format consumes. */

/** A value as it appears in `--json`: 64-bit integers beyond 2^53 become decimal strings. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One argument under the kernel's own name for it. */
export interface DecodedArgument {
  readonly name: string;
  /** For machines. */
  readonly value: JsonValue;
  /** For people, as strace writes it: `O_RDONLY|O_CLOEXEC`, `"/etc/hosts"`, `{sa_family=AF_INET, …}`. */
  readonly text: string;
}

/** A call that was made at a hooked site. */
export interface CallRecord {
  readonly kind: "call";
  readonly pid: number;
  readonly tid: number;
  /** Kernel name: "openat". */
  readonly call: string;
  readonly args: readonly DecodedArgument[];
  /** Return value; −errno becomes −1 with `errno` set; null: it did not return here (execve, exit, clone). */
  readonly result: bigint | null;
  /** Name of the error, "ENOENT", or null. */
  readonly errno: string | null;
  /** The result for people: "3", "-1 ENOENT (No such file or directory)", "0x7f0000", "?". */
  readonly resultText: string;
  /** When it began, microseconds since 1970. */
  readonly timeUs: number;
  /** How long the kernel took, microseconds; null where the call did not return here. */
  readonly durationUs: number | null;
  /** Of a program in a target: where it happened, as far as a rule decides that. */
  readonly where?: Where;
}

/** Where a call happened, by which rule. */
export interface Where {
  /** "local", "remote", "remote-read", "absent", "refuse" */
  readonly mode: string;
  /** The pattern of the rule that decides. */
  readonly rule: string;
}

/** A process appeared: the first one, a hooked child, or one that runs unhooked. */
export interface ProcessStartRecord {
  readonly kind: "process-start";
  readonly pid: number;
  readonly timeUs: number;
  /** The program's own path. */
  readonly program: string;
  readonly hooked: boolean;
  /** Why it is not hooked: "not a Go program". */
  readonly reason?: string;
}

/** The program ended. */
export interface ProcessExitRecord {
  readonly kind: "process-exit";
  readonly pid: number;
  readonly timeUs: number;
  /** Null where it died by a signal or nobody could know. */
  readonly exitCode: number | null;
  /** "SIGKILL", or null. */
  readonly signal: string | null;
}

/** What a trace consists of. */
export type TraceRecord = CallRecord | ProcessStartRecord | ProcessExitRecord;

/** Where records go: text, JSON lines, summary, timeline. */
export interface TraceSink {
  write(record: TraceRecord): void;
  /** Called once, after the last record. */
  close(): void;
}
