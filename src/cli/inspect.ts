/** `elsewhere inspect`: what a program is, its sites, and the patch plan. */
import { readFileSync, realpathSync } from "node:fs";
import Table from "cli-table3";
import pc from "picocolors";
import { planFor } from "../process/plan.ts";
import { findProgram } from "../process/program.ts";
import type { PatchPlan } from "../patch/plan.ts";
import { wantsColour } from "./report.ts";
import { withProgramBehindScript } from "./wrapper.ts";

const STDOUT = 1;

export async function inspect(name: string, options: { json?: boolean }): Promise<void> {
  const path = realpathSync(findProgram(name, process.env, process.cwd()));
  const plan = await withProgramBehindScript(name, () => planFor(readFileSync(path), path));
  console.log(options.json === true ? JSON.stringify(asJson(plan), null, 2) : asText(plan));
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
const hexBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function asJson(plan: PatchPlan): object {
  const { program, sites, edits, additions } = plan;
  return {
    path: program.elf.path,
    go: {
      version: program.version ?? null,
      module: program.module ?? null,
      mainPackage: program.mainPackage ?? null,
      settings: Object.fromEntries(program.settings),
      link: program.linkMode,
      functions: program.functions.length,
      names: program.namesAre,
      pclntab: program.pclntabLayout,
    },
    machine: plan.machine.name,
    sites: sites.map(({ function: inside, instruction, hooked, reason }) => ({
      function: inside,
      address: hex(instruction.address),
      bytes: hexBytes(instruction.bytes),
      hooked,
      reason,
      replaced: "start" in instruction.window ? instruction.window.instructions : null,
    })),
    plan: {
      segment: hex(plan.base),
      edits: edits.map(({ offset, before, after, reason }) => ({
        offset: hex(offset),
        before: hexBytes(before),
        after: hexBytes(after),
        reason,
      })),
      additions: additions.map(({ offset, bytes, reason }) => ({ offset: hex(offset), length: bytes.length, reason })),
    },
    verdict: "hookable",
  };
}

function asText(plan: PatchPlan): string {
  const { bold, dim, green } = pc.createColors(wantsColour(process.env, STDOUT));
  const { program, sites } = plan;
  const hooked = sites.filter((site) => site.hooked);
  const table = plainTable([bold("function"), bold("address"), bold("hooked"), bold("why")]);
  for (const { function: inside, instruction, hooked: isHooked, reason } of sites.toSorted(hookedFirst))
    table.push([inside || "?", hex(instruction.address), isHooked ? green("yes") : dim("no"), reason]);
  const changes = plainTable([bold("file offset"), bold("bytes"), bold("what")]);
  for (const { offset, after, reason } of plan.edits) changes.push([hex(offset), after.length, reason]);
  for (const { offset, bytes, reason } of plan.additions) changes.push([hex(offset), bytes.length, `added: ${reason}`]);
  return [
    bold(program.elf.path),
    `  Go release  ${program.version ?? "hidden"}`,
    `  module      ${program.module ?? dim("none recorded")}`,
    `  linked      ${describeLink(plan)}`,
    `  processor   ${plan.machine.name}`,
    `  functions   ${program.functions.length}, names ${program.namesAre} (pclntab of Go ${program.pclntabLayout})`,
    "",
    table.toString(),
    "",
    "The patched copy (the original is never touched):",
    changes.toString(),
    "",
    `${green(bold("hookable"))}: ${hooked.length} of ${sites.length} system call instructions are the program's; the others are the runtime's own.`,
  ].join("\n");
}

const hookedFirst = (a: { hooked: boolean }, b: { hooked: boolean }): number => Number(b.hooked) - Number(a.hooked);

function describeLink({ program: { linkMode } }: PatchPlan): string {
  const words = [
    linkMode.static ? "static" : "dynamic",
    linkMode.pie ? "PIE" : "fixed address",
    linkMode.external ? "by the C linker" : "by Go's linker",
    ...(linkMode.cgo ? ["with cgo (calls that C code makes are not hooked)"] : []),
    ...(linkMode.stripped ? ["stripped"] : []),
    ...(linkMode.race ? ["race detector"] : []),
  ];
  return words.join(", ");
}

function plainTable(head: string[]): Table.Table {
  const borders = Object.fromEntries(
    [
      "top",
      "top-mid",
      "top-left",
      "top-right",
      "bottom",
      "bottom-mid",
      "bottom-left",
      "bottom-right",
      "left",
      "left-mid",
      "mid",
      "mid-mid",
      "right",
      "right-mid",
    ].map((part) => [part, ""]),
  );
  return new Table({
    head,
    chars: { ...borders, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
}
