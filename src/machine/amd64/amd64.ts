/**
 * amd64 (x86-64), Linux. Calls: number in eax, arguments in rdi rsi rdx r10 r8 r9, result in
 * rax; SYSCALL (0f 05) destroys rcx and r11.
 * Source: System V AMD64 ABI, A.2.1; arch/x86/entry/entry_64.S (Linux 6.1).
 */
import { EM_X86_64 } from "../../elf/constants.ts";
import { callTables } from "../../linux/calls.ts";
import type { Machine } from "../machine.ts";
import { stub } from "./stub.generated.ts";

export const amd64: Machine = {
  name: "amd64",
  nodeArch: "x64",
  elfMachine: EM_X86_64,
  calls: callTables.amd64,
  pageSize: 4096,
  stub,
  patcher: async () => (await import("./patcher.ts")).patcher,
};
