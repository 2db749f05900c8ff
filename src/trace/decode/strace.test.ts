/**
 * Against strace 6.1: testdata/strace.jsonl holds registers, memory and results of real calls, and the line that
 * strace wrote for each (script/record-strace). The decoder writes the same line, but for the differences below.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abis } from "../../linux/abi.ts";
import { Decoder, type Memory } from "./decoder.ts";

interface RecordedCall {
  readonly number: number;
  readonly args: readonly string[];
  readonly result: number;
  /** The arena before the call and, where it changed, after it; hexadecimal, up to the last byte that is not zero. */
  readonly before: string;
  readonly after: string | null;
  readonly line: string;
}

/** Where we say something else on purpose. Each must occur. */
const differences: readonly (readonly [line: RegExp, why: string])[] = [
  [/^fcntl\(\d+, 0x40b /, "F_GET_RW_HINT has a name"],
  [
    /^(membarrier\(MEMBARRIER_CMD_QUERY|io_uring_setup\(8|statx\(99|memfd_create\(NULL|fcntl\(99, F_ADD_SEALS)/,
    "names of kernels after 6.1",
  ],
  [
    /^(preadv2\(99|move_mount\(99|fsmount\(99|fanotify_init\(0xc|landlock_create_ruleset\(.*0xf|io_uring_enter\(99|pidfd_open\(0)/,
    "names of kernels after 6.1",
  ],
  [/^[gs]etsockopt\(\d+, SOL_SOCKET, SO_(RCV|SND)TIMEO_OLD/, "the time is decoded"],
  [/^getsockopt\(\d+, SOL_SOCKET, SO_COOKIE/, "the cookie is a number"],
  [
    /^setsockopt\(\d+, SOL_IP, (IP_ADD_MEMBERSHIP, .*12\)|IP_MULTICAST_IF)/,
    "addresses, and all fields of the structure",
  ],
  [/if_nametoindex/, "an interface is a number: its name belongs to the machine, not to the call"],
  [/^sched_setscheduler\(0, 0x40000001/, "flag and policy are told apart"],
  [/^sethostname\(0x/, "a length that is too large still shows the beginning"],
  [/SNDCTL_TMR_START or TCSETS/, "a request that two drivers share is the terminal's"],
  [/^swapon\(.*\|(0|32767)\)/, "no priority unless there is one"],
  [/^(syslog|keyctl)\(/, "arguments stay numbers"],
  [/^socket\(AF_UNSPEC, SOCK_CLOEXEC/, "no type is said to be none"],
  [/^(sendto|recvfrom)\(99, NULL, 0, MSG_OOB.*SENDPAGE/, "flags of the kernel alone have no names"],
  [/^mount\(NULL, NULL, NULL, .*KERNMOUNT/, "flags of the kernel alone have no names"],
  [/^clone3\(.*CLONE_NEWTIME/, "order of flags"],
  [/^open_tree\(99/, "flags of other calls have no names here"],
  [/^fanotify_mark\(99.*FAN_DIR_MODIFY/, "a name that the kernel has dropped"],
  [/^rt_sigaction\(99/, "names of kernels after 6.1"],
  [/^futex\(0x[0-9a-f]+, 0x/, "nonsense operations"],
  [
    /^(shmget\(0x99|membarrier\(0xffffffff|mbind|name_to_handle_at\(99|execveat\(99|mount_setattr\(99)/,
    "nonsense flags",
  ],
];

const recorded = readFileSync(join(import.meta.dirname, "testdata/strace.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedCall);

/** The arena of script/strace/calls.c: nothing else is readable. */
const arena = { address: 0x2000_0000, size: 8192 };

function memoryOf(hex: string): Memory {
  const bytes = new Uint8Array(arena.size);
  bytes.set(Buffer.from(hex, "hex"));
  return {
    read(address, length) {
      const offset = Number(address) - arena.address;
      return offset < 0 || offset >= arena.size ? undefined : bytes.subarray(offset, offset + length);
    },
  };
}

const decoder = new Decoder(abis.amd64, { stringLimit: 32 });

function decode(call: RecordedCall): string {
  const name = abis.amd64.calls.name(call.number) ?? "";
  const pending = decoder.enter({ name, args: call.args.map(BigInt), memory: memoryOf(call.before) });
  const { args, resultText } = decoder.leave(pending, memoryOf(call.after ?? call.before), BigInt(call.result));
  return `${name}(${args.map((argument) => argument.text).join(", ")}) = ${resultText}`;
}

const wanted = (call: RecordedCall): string => call.line.replace(/\) += /, ") = ");
const isDifferent = (call: RecordedCall): boolean => differences.some(([line]) => line.test(call.line));

test("calls are written as strace writes them", () => {
  const calls = recorded.filter((call) => !isDifferent(call));
  expect(calls.length).toBeGreaterThan(600);
  expect(calls.map(decode)).toEqual(calls.map(wanted));
});

test("every difference from strace that we claim is one", () => {
  const same = differences.filter(
    ([line]) => !recorded.some((call) => line.test(call.line) && decode(call) !== wanted(call)),
  );
  expect(same).toEqual([]);
});
