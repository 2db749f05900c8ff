/** futex: the operation says which arguments there are. */
import { argument, decimal, hex, pointer, type CallFormats, type Format, type Scope } from "../format.ts";
import { enumerationOf, nameOf, splitFlags } from "../named.ts";
import { timespec } from "../time.ts";
import { hex as hexText, type Decoded } from "../value.ts";

/** The operation in the low seven bits, and two flags (include/uapi/linux/futex.h). */
const futex = { commands: 0x7f, private: 0x80 };

const futexOperation: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(value);
    const { names, rest } = splitFlags(abi.constants.futexFlags, (bits & ~futex.commands & ~futex.private) >>> 0);
    const command = enumerationOf(abi.constants.futexCommand, bits & futex.commands, "FUTEX_???");
    const base =
      bits & futex.private
        ? typeof command.value === "string"
          ? `${command.text}_PRIVATE`
          : `FUTEX_PRIVATE_FLAG|${command.text}`
        : command.text;
    const flagNames = bits & ~futex.commands & ~futex.private ? names : [];
    const text = [base, ...flagNames, ...(rest === 0n ? [] : [hexText(rest)])].join("|");
    return { text, value: text };
  };

/** Which of its six arguments an operation uses. */
const futexUses: Readonly<Record<string, string>> = {
  FUTEX_WAIT: "val utime",
  FUTEX_WAKE: "val",
  FUTEX_FD: "val",
  FUTEX_REQUEUE: "val utime uaddr2",
  FUTEX_CMP_REQUEUE: "val utime uaddr2 val3",
  FUTEX_CMP_REQUEUE_PI: "val utime uaddr2 val3",
  FUTEX_WAKE_OP: "val utime uaddr2 val3",
  FUTEX_WAIT_BITSET: "val utime val3",
  FUTEX_WAKE_BITSET: "val val3",
  FUTEX_WAIT_REQUEUE_PI: "val utime uaddr2",
  FUTEX_LOCK_PI: "utime",
  FUTEX_LOCK_PI2: "utime",
  FUTEX_UNLOCK_PI: "",
  FUTEX_TRYLOCK_PI: "",
};

/** Operations that take a number where the others take a time. */
const futexCounts = new Set(["FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE", "FUTEX_CMP_REQUEUE_PI", "FUTEX_WAKE_OP"]);

const futexArgument =
  (name: string, format: Format): Format =>
  (scope) => {
    const register = argument(scope, "op");
    const print = format(scope);
    const count = decimal(scope);
    return (value, call) => {
      const command = nameOf(scope.abi.constants.futexCommand, register(call) & BigInt(futex.commands)) ?? "";
      const uses = futexUses[command];
      if (uses !== undefined && !uses.split(" ").includes(name)) return undefined;
      if (name === "utime" && futexCounts.has(command)) return count(Number(BigInt.asUintN(32, BigInt(value))), call);
      if (name !== "val3") return print(value, call);
      if (command === "FUTEX_WAKE_OP") return wakeOperation(Number(value), scope);
      if (command.endsWith("_BITSET")) return value === 0xffff_ffff ? anyBit : print(value, call);
      return uses === undefined ? print(value, call) : count(value, call);
    };
  };

const anyBit: Decoded = { text: "FUTEX_BITSET_MATCH_ANY", value: "FUTEX_BITSET_MATCH_ANY" };

/** FUTEX_WAKE_OP's third number packs an operation and a comparison (include/uapi/linux/futex.h, FUTEX_OP). */
function wakeOperation(packed: number, scope: Scope): Decoded {
  const { futexWakeOperation, futexWakeComparison } = scope.abi.constants;
  const operation = (packed >>> 28) & 7;
  const comparison = (packed >>> 24) & 0xf;
  const text = [
    ...((packed >>> 28) & 8 ? ["FUTEX_OP_OPARG_SHIFT<<28"] : []),
    `${enumerationOf(futexWakeOperation, operation, "FUTEX_OP_???").text}<<28`,
    `${hexText((packed >>> 12) & 0xfff)}<<12`,
    `${enumerationOf(futexWakeComparison, comparison, "FUTEX_OP_CMP_???").text}<<24`,
    hexText(packed & 0xfff),
  ].join("|");
  return { text, value: packed };
}

export const futexCalls: CallFormats = {
  futex: {
    uaddr: pointer,
    op: futexOperation,
    val: futexArgument("val", decimal),
    utime: futexArgument("utime", timespec),
    uaddr2: futexArgument("uaddr2", pointer),
    val3: futexArgument("val3", hex),
  },
};
