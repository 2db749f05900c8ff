/** Results that are more than a number: addresses, modes, flags, and what a wait says about its descriptors. */
import { argument, type CallState, type ResultFormat, type Scope } from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumerationOf, flagsText, nameOf } from "../named.ts";
import { i32, u16 } from "../../../linux/scalar.ts";
import { timespec, timeval } from "../time.ts";
import { hex, octal } from "../value.ts";
import { dateText } from "../file.ts";
import { signalOf } from "../signal.ts";
import { setAt } from "./events.ts";
import { scheduler } from "./limits.ts";
import { dumpable } from "./prctl.ts";
import { openFlags } from "./opening.ts";

const address: ResultFormat = () => (result) => hex(BigInt.asUintN(64, result));
const mode: ResultFormat = () => (result) => octal(result);

const fcntl: ResultFormat = (scope) => {
  const register = argument(scope, "cmd");
  const { constants } = scope.abi;
  const open = openFlags(scope);
  return (result, call) => {
    const plain = result.toString();
    switch (nameOf(constants.fcntlCommand, register(call) & 0xffff_ffffn)) {
      case "F_GETFD":
        return result === 0n ? "0" : `${hex(result)} (flags ${flagsText(constants.descriptorFlags, result, "FD_???")})`;
      case "F_GETFL":
        return `${hex(result)} (flags ${open(result, call)?.text ?? plain})`;
      case "F_GET_SEALS":
        return result === 0n ? "0" : `${hex(result)} (seals ${flagsText(constants.sealFlags, result, "F_SEAL_???")})`;
      case "F_GETLEASE":
        return `${hex(result)} (${enumerationOf(constants.lockType, result, "F_???").text})`;
      case "F_GETSIG":
      case undefined:
      default:
        return plain;
    }
  };
};

/** What is left of a timeout, when the kernel writes it back. */
const left = (scope: Scope, name: string, print: typeof timespec): ((call: CallState) => string) => {
  const register = argument(scope, name);
  const bound = print(scope);
  return (call) => {
    const time = register(call) === 0n ? undefined : bound(register(call), call);
    return time?.text.startsWith("{") ? `left ${time.text}` : "";
  };
};

const join = (result: bigint, parts: readonly string[]): string => {
  const said = parts.filter((part) => part !== "");
  return said.length === 0 ? result.toString() : `${result} (${said.join(", ")})`;
};

const poll =
  (timeout: string | undefined): ResultFormat =>
  (scope) => {
    const [descriptors, count] = [argument(scope, "ufds"), argument(scope, "nfds")];
    const rest = timeout === undefined ? () => "" : left(scope, timeout, timespec);
    return (result, call) => {
      if (result === 0n) return "0 (Timeout)";
      const total = Math.min(Number(count(call) & 0xffff_ffffn), 65_536);
      const bytes = readExactly(call.memory, descriptors(call), total * 8);
      if (bytes === undefined) return result.toString();
      const ready: string[] = [];
      for (let at = 0; at < bytes.length && ready.length < scope.stringLimit; at += 8) {
        const events = u16(bytes, at + 6);
        if (events === 0) continue;
        ready.push(`{fd=${i32(bytes, at)}, revents=${flagsText(scope.abi.constants.pollEvents, events, "POLL???")}}`);
      }
      return join(result, [`[${ready.join(", ")}]`, rest(call)]);
    };
  };

const select =
  (timeout: string, print: typeof timespec): ResultFormat =>
  (scope) => {
    const count = argument(scope, "n");
    const sets = (["in", "out", "exc"] as const).map(
      (word, index) => [word, argument(scope, ["inp", "outp", "exp"][index] ?? "")] as const,
    );
    const rest = left(scope, timeout, print);
    return (result, call) => {
      if (result === 0n) return "0 (Timeout)";
      const ready = sets.map(([word, register]) => {
        const members = setAt(register(call), Number(BigInt.asIntN(32, count(call))), call) ?? [];
        return members.length === 0 ? "" : `${word} [${members.join(" ")}]`;
      });
      return join(result, [...ready, rest(call)]);
    };
  };

/** `12 (SIGUSR2)` */
const received: ResultFormat = () => (result) => join(result, [result === 0n ? "" : signalOf(Number(result)).text]);

const schedulerName: ResultFormat = (scope) => {
  const print = scheduler(scope);
  return (result, call) => join(result, [print(result, call)?.text ?? ""]);
};

const prctl: ResultFormat = (scope) => {
  const option = argument(scope, "option");
  const { constants } = scope.abi;
  return (result, call) => {
    switch (nameOf(constants.prctlOption, option(call) & 0xffff_ffffn)) {
      case "PR_GET_DUMPABLE":
        return join(result, [dumpable[Number(result)] ?? ""]);
      case "PR_GET_SECUREBITS":
        return result === 0n ? "0" : `${hex(result)} (${flagsText(constants.secureBits, result, "SECBIT_???")})`;
      case undefined:
      default:
        return result.toString();
    }
  };
};

/** What MEMBARRIER_CMD_QUERY tells: the commands that there are. */
const membarrier: ResultFormat = (scope) => {
  const command = argument(scope, "cmd");
  const { membarrierCommand } = scope.abi.constants;
  return (result, call) =>
    command(call) === 0n && result !== 0n
      ? `${hex(result)} (${flagsText(membarrierCommand, result, "MEMBARRIER_CMD_???")})`
      : result.toString();
};

/** The personality until now: a number in the low byte, and flags. */
const personality: ResultFormat =
  ({ abi }) =>
  (result) => {
    const bits = Number(BigInt.asUintN(32, result));
    const name = enumerationOf(abi.constants.personality, bits & 0xff, "PER_???").text;
    const flags = (bits & ~0xff) >>> 0;
    return `${hex(bits)} (${name}${flags === 0 ? "" : `|${flagsText(abi.constants.personalityFlags, flags, "PER_???")}`})`;
  };

const date: ResultFormat = () => (result) => join(result, [dateText(Number(result), 0, 0) ?? ""]);

export const resultFormats: Readonly<Record<string, ResultFormat>> = {
  mmap: address,
  mremap: address,
  brk: address,
  shmat: address,
  umask: mode,
  time: date,
  rt_sigtimedwait: received,
  sched_getscheduler: schedulerName,
  prctl,
  membarrier,
  personality,
  fcntl,
  poll: poll(undefined),
  ppoll: poll("tsp"),
  select: select("tvp", timeval),
  pselect6: select("tsp", timespec),
};
