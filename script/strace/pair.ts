/**
 * Pairs what script/strace/calls.c recorded with strace's lines: one JSON line per call, with memory in
 * hexadecimal up to the last byte that is not zero.
 */
import { readFileSync } from "node:fs";

const [stracePath, callsPath] = process.argv.slice(2);
if (stracePath === undefined || callsPath === undefined) throw new Error("usage: pair.ts STRACE-OUTPUT CALLS");

// The line after each sched_yield; strace writes signals in between.
const lines = readFileSync(stracePath, "utf8")
  .split("\n")
  .filter((line) => !/^(---|\+\+\+)/.test(line));
const marked = lines.filter((_, index) => lines[index - 1]?.startsWith("sched_yield()"));

for (const [index, record] of readFileSync(callsPath, "utf8").trimEnd().split("\n").entries()) {
  const [number, a, b, c, d, e, f, result, before = "", after = ""] = record.split(" ");
  const line = marked[index];
  if (line === undefined) throw new Error(`strace has no line for call ${index}`);
  const args = [a, b, c, d, e, f].map((register) => `0x${register}`);
  console.log(
    JSON.stringify({
      number: Number(number),
      args,
      result: Number(result),
      before,
      after: after === before ? null : after,
      line,
    }),
  );
}
