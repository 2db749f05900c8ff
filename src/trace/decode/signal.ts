/** Signals, their sets, actions and information. */
import { assert } from "../../errors.ts";
import { signalName } from "../../linux/signals.ts";
import {
  argument,
  output,
  pointer,
  simple,
  type ArgumentFormat,
  type CallState,
  type Format,
  type OutputFormat,
} from "./format.ts";
import { enumerationOf, flags, unknownName, type Named } from "./named.ts";
import { readExactly } from "./memory.ts";
import { i32, u32, u64 } from "../../linux/scalar.ts";
import { pointerTo, structure, type Structure } from "./structure.ts";
import { decimal, hex as hexText, nullPointer, pointer as pointerOf, type Decoded, type Integer } from "./value.ts";

export const signalOf = (number: number): Named => {
  const name = signalName(number);
  return name === undefined ? { text: `${number}`, value: number } : { text: name, value: name };
};

export const signal: Format = simple((value) => signalOf(Number(BigInt.asIntN(32, BigInt(value)))));

const signalCount = 64;

/** `[INT TERM]`, or `~[KILL STOP]` when most are in it. */
export function signalSetOf(low: number, high: number): Decoded {
  const members: number[] = [];
  const others: number[] = [];
  for (let bit = 0; bit < signalCount; bit++) {
    const set = ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1;
    (set ? members : others).push(bit + 1);
  }
  const short = (number: number): string => (signalName(number) ?? `${number}`).replace(/^SIG/, "");
  const inverted = members.length >= (signalCount * 2) / 3;
  return {
    text: `${inverted ? "~" : ""}[${(inverted ? others : members).map(short).join(" ")}]`,
    value: members.map((number) => `SIG${short(number)}`),
  };
}

function signalSetAt(address: Integer, call: CallState): Decoded {
  if (address === 0n || address === 0) return nullPointer;
  const bytes = readExactly(call.memory, BigInt(address), 8);
  return bytes === undefined ? pointerOf(address) : signalSetOf(u32(bytes, 0), u32(bytes, 4));
}

/** A set whose size, which must be 8, stands in another argument. */
export const signalSet =
  (size: string): Format =>
  (scope) => {
    const register = argument(scope, size);
    return (address, call) => (register(call) === 8n ? signalSetAt(address, call) : pointerOf(address));
  };
export const outputSignalSet = (size: string): OutputFormat => output(signalSet(size));

const handler: Format = simple((value) => {
  const name = ["SIG_DFL", "SIG_IGN"][Number(value)] ?? (value === 0xffff_ffff_ffff_ffffn ? "SIG_ERR" : undefined);
  return name === undefined ? pointerOf(value) : { text: name, value: name };
});

/** SA_RESTORER, which strace prints first and which says whether there is a restorer (asm/signal.h). */
const restorerFlag = 0x400_0000;

const actionStructure: Structure = (scope) => {
  const { fields, size } = scope.abi.layouts.sigaction;
  const offset = (...names: string[]): number => {
    const found = names.map((name) => fields[name]?.[0]).find((at) => at !== undefined);
    assert(found !== undefined, `struct sigaction has a field ${names.join(" or ")}`);
    return found;
  };
  const [at, flagsAt, restorerAt] = [offset("sa_handler"), offset("sa_flags"), offset("sa_restorer")];
  // The set of signals is a number on some machines, a structure around one on others.
  const maskAt = offset("sa_mask", "sa_mask.sig");
  const printHandler = handler(scope);
  const printFlags = flags("signalAction", "SA_???")(scope);
  return {
    size,
    print(bytes, base, call) {
      const code = printHandler(u64(bytes, base + at), call) ?? nullPointer;
      const bits = u64(bytes, base + flagsAt);
      const set = signalSetOf(u32(bytes, base + maskAt), u32(bytes, base + maskAt + 4));
      const written = printFlags(bits, call) ?? nullPointer;
      const restorer = pointerOf(u64(bytes, base + restorerAt));
      const restores = (Number(bits) & restorerFlag) !== 0;
      return {
        text: `{sa_handler=${code.text}, sa_mask=${set.text}, sa_flags=${written.text}${restores ? `, sa_restorer=${restorer.text}` : ""}}`,
        value: {
          sa_handler: code.value,
          sa_mask: set.value,
          sa_flags: written.value,
          ...(restores ? { sa_restorer: restorer.value } : {}),
        },
      };
    },
  };
};

export const signalAction: ArgumentFormat = pointerTo(actionStructure);
export const outputSignalAction: OutputFormat = output(pointerTo(actionStructure));

export const signalStackStructure: Structure = structure("sigaltstack", {
  ss_sp: pointer,
  ss_flags: flags("signalStackFlags", "SS_???"),
  ss_size: simple(decimal),
});

/** Where the members of siginfo's union lie: its layouts are fixed by include/uapi/asm-generic/siginfo.h. */
const siginfoAt = {
  pid: 16,
  uid: 20,
  status: 24,
  utime: 32,
  stime: 40,
  value: 24,
  timerId: 16,
  overrun: 20,
  address: 16,
  band: 16,
  fd: 24,
};

/** Codes above this come from the kernel. */
const kernelCode = 0;

export const siginfoStructure: Structure = ({ abi }) => ({
  size: abi.layouts.siginfo.size,
  print(bytes, base) {
    const number = i32(bytes, base);
    const error = i32(bytes, base + 4);
    const code = i32(bytes, base + 8);
    if (number === 0 && code === 0 && error === 0) return { text: "{}", value: {} };
    const name = signalOf(number);
    const codes = name.value === "SIGCHLD" && code > kernelCode ? abi.constants.childCode : abi.constants.signalCode;
    const codeName = enumerationOf(codes, code, unknownName(codes));
    const parts: [string, Decoded][] = [
      ["si_signo", name],
      ["si_code", codeName],
    ];
    if (error !== 0) parts.push(["si_errno", decimal(error)]);
    const pid = (): void => {
      parts.push(
        ["si_pid", decimal(i32(bytes, base + siginfoAt.pid))],
        ["si_uid", decimal(u32(bytes, base + siginfoAt.uid))],
      );
    };
    if (name.value === "SIGCHLD" && code > kernelCode) {
      const status = i32(bytes, base + siginfoAt.status);
      pid();
      parts.push(
        ["si_status", codeName.value === "CLD_EXITED" ? decimal(status) : signalOf(status & 0x7f)],
        ["si_utime", decimal(u64(bytes, base + siginfoAt.utime))],
        ["si_stime", decimal(u64(bytes, base + siginfoAt.stime))],
      );
    } else if (codeName.value === "SI_TIMER") {
      parts.push(
        ["si_timerid", hexadecimalInt(i32(bytes, base + siginfoAt.timerId))],
        ["si_overrun", decimal(i32(bytes, base + siginfoAt.overrun))],
      );
      value(parts, bytes, base);
    } else if (code <= kernelCode) {
      pid();
      if (codeName.value !== "SI_USER" && codeName.value !== "SI_TKILL") value(parts, bytes, base);
    } else if (["SIGILL", "SIGFPE", "SIGSEGV", "SIGBUS", "SIGTRAP"].includes(`${name.value}`)) {
      parts.push(["si_addr", pointerOf(u64(bytes, base + siginfoAt.address))]);
    } else if (name.value === "SIGIO") {
      parts.push(
        ["si_band", decimal(u64(bytes, base + siginfoAt.band))],
        ["si_fd", decimal(i32(bytes, base + siginfoAt.fd))],
      );
    }
    return {
      text: `{${parts.map(([key, part]) => `${key}=${part.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([key, part]) => [key, part.value])),
    };
  },
});

const hexadecimalInt = (value: number): Decoded => ({ text: hexText(value >>> 0), value });

function value(parts: [string, Decoded][], bytes: Uint8Array, base: number): void {
  const low = i32(bytes, base + siginfoAt.value);
  const whole = pointerOf(u64(bytes, base + siginfoAt.value));
  if (whole.value !== null) parts.push(["si_int", decimal(low)], ["si_ptr", whole]);
}
