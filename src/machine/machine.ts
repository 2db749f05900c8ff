/**
 * What the rest of elsewhere knows about a processor: a record of data and functions.
 * Names of processors appear in this folder only.
 */
import type { Address } from "../bytes.ts";
import type { CallTable, callTables } from "../linux/calls.ts";

/** The assembled part that lives in the hooked program; see the folder's `stub.S`. */
export interface StubCode {
  readonly code: Uint8Array;
  /** Where the code stands in the added segment; the data page comes before it. */
  readonly codeOffset: number;
  /** Offsets from the start of the segment. */
  readonly labels: Readonly<Record<string, number>>;
}

/** Where the call number at a system call instruction comes from. */
export type CallNumberOrigin =
  | { readonly kind: "constant"; readonly value: number }
  /** An argument of the function, or something computed: any call can be made here. */
  | { readonly kind: "variable" };

/** Instructions in front of a system call instruction that a jump may replace. */
export interface Window {
  readonly start: Address;
  /** The bytes from `start` up to the system call instruction. */
  readonly bytes: Uint8Array;
  /** The same as assembly text, for people. */
  readonly instructions: readonly string[];
}

export interface SystemCallInstruction {
  readonly address: Address;
  readonly bytes: Uint8Array;
  readonly origin: CallNumberOrigin;
  /** Absent, with the reason, where no jump fits. */
  readonly window: Window | { readonly impossible: string };
}

export interface Machine {
  /** As Go's GOARCH says it; also the name of its tables in linux/. */
  readonly name: keyof typeof callTables;
  /** As `process.arch` says it. */
  readonly nodeArch: string;
  /** `e_machine` of the ELF header. */
  readonly elfMachine: number;
  readonly calls: CallTable;
  readonly stub: StubCode;
  /** Largest page its kernels use, bytes: what segments are aligned to. */
  readonly pageSize: number;
  /** Loads what reads and writes this processor's code; needed only where a copy is made. */
  patcher(): Promise<Patcher>;
}

export interface Patcher {
  /** The bytes of a system call instruction. They occur elsewhere too: where they do not, there is none. */
  readonly systemCallBytes: Uint8Array;
  /**
   * The system call instructions of one function, decoded from its first instruction.
   * @param code  the function's bytes
   * @param entry address of its first byte
   */
  findSystemCalls(code: Uint8Array, entry: Address): readonly SystemCallInstruction[];
  /**
   * The thunk of one site: the window's instructions, the class test, the way back.
   * @param base address of the added segment
   * @param at   address of the thunk
   */
  thunk(site: SystemCallInstruction, base: Address, at: Address): Uint8Array;
  /** What is written over the window: a jump to the thunk, filled up to the window's length. */
  jumpOver(window: Window, thunk: Address): Uint8Array;
  /** The stub's code for a segment at `base` in a program whose entry point is `entry`. */
  stubFor(base: Address, entry: Address): Uint8Array;
}
