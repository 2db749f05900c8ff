/** The instructions that the tool hooks in a program, at their addresses in memory. */
import { openSync, readSync, closeSync } from "node:fs";
import { elsewhere } from "../matrix/elsewhere.ts";
import { run } from "../matrix/run.ts";

/** Where Linux puts a position-independent program with address randomisation off (ELF_ET_DYN_BASE). */
const fixedBase = 0x5555_5555_4000n;
const ET_DYN = 3;
const PT_LOAD = 1;

/** Addresses behind the hooked SYSCALL instructions, in a process without address randomisation. */
export async function hookedAddresses(program: string): Promise<ReadonlySet<bigint>> {
  const outcome = await run(elsewhere("inspect", "--json", program), { cwd: "/", timeoutMs: 60_000 });
  if (outcome.exitCode !== 0) throw new Error(`inspect ${program}: ${outcome.stderr}`);
  const plan = JSON.parse(outcome.stdout) as {
    sites: readonly { readonly address: string; readonly hooked: boolean; readonly length?: number }[];
  };
  const bias = loadBias(program);
  return new Set(plan.sites.filter((site) => site.hooked).map((site) => BigInt(site.address) + 2n + bias));
}

/** What the kernel adds to the linked addresses of `program`. */
function loadBias(program: string): bigint {
  const head = Buffer.alloc(4096);
  const file = openSync(program, "r");
  readSync(file, head);
  closeSync(file);
  if (head.readUInt16LE(16) !== ET_DYN) return 0n;
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  for (let at = table; at + size <= head.length; at += size)
    if (head.readUInt32LE(at) === PT_LOAD) return fixedBase - (head.readBigUInt64LE(at + 16) & ~0xfffn);
  throw new Error(`${program} has no PT_LOAD`);
}
