/**
 * The part of the matrix that every change meets: each distinct site, each pclntab
 * layout and each link mode once.
 */
import { expect, test } from "vitest";
import { judgeCell } from "./cell.ts";
import { modeNamed } from "./modes.ts";
import { releaseNamed } from "./releases.ts";

/** Release, link mode, and what this cell is here for beside its mode. */
const subset: readonly (readonly [release: string, mode: string, reason: string])[] = [
  ["1.13", "static", "pclntab of Go 1.2; syscall.Syscall in ABI0"],
  ["1.17", "stripped", "pclntab of Go 1.16; ABI0 functions beside ABIInternal ones"],
  ["1.18", "pie", "pclntab of Go 1.18; runtime/internal/syscall beside syscall.Syscall"],
  ["1.21", "external-static", "pclntab of Go 1.20; runtime/internal/syscall"],
  ["1.24", "static-pie", "internal/runtime/syscall"],
  ["1.27", "static", "pclntab of Go 1.26; internal/runtime/syscall/linux"],
  ["1.27", "cgo", ""],
  ["1.27", "external-pie", ""],
  ["1.27", "race", ""],
  ["1.27", "garble", "no names, hashed names, another pclntab magic"],
];

for (const [release, mode, reason] of subset) {
  test(`go${release} ${mode}${reason && `: ${reason}`}`, { timeout: 240_000 }, async () => {
    expect(await judgeCell(releaseNamed(release), modeNamed(mode))).toMatchObject({ verdict: "same" });
  });
}
