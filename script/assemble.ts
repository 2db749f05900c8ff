/**
 * Assembles `src/machine/<cpu>/stub.S` with GNU binutils into the checked-in module
 * `stub.generated.ts`: bytes with the instruction beside them, and the labels.
 *
 *     node script/assemble.ts            writes the modules
 *     node script/assemble.ts --check    fails when a module does not match its source
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as layout from "../src/mailbox/layout.ts";

interface Toolchain {
  readonly folder: string;
  readonly as: readonly string[];
  readonly ld: readonly string[];
  readonly objdump: readonly string[];
}

const toolchains: readonly Toolchain[] = [
  { folder: "amd64", as: ["as", "--64"], ld: ["ld", "-m", "elf_x86_64"], objdump: ["objdump", "-M", "intel"] },
];

const constantName = (text: string): string => text.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();

/** The layout as assembler symbols: `.set SLOT_TID, 12`. */
function layoutInclude(): string {
  const lines: string[] = [];
  const set = (name: string, value: number): void => void lines.push(`.set ${name}, ${value}`);
  const prefixes = {
    header: "HEADER",
    slot: "SLOT",
    slotState: "STATE",
    verdict: "VERDICT",
    callClass: "CLASS",
    plan: "PLAN",
    capture: "CAPTURE",
    captureKind: "KIND",
    captureWhen: "WHEN",
    entry: "ENTRY",
    captured: "CAPTURED",
  };
  for (const [name, value] of Object.entries(layout)) {
    if (typeof value === "number") set(name, value);
    else if (name in prefixes)
      for (const [field, at] of Object.entries(value))
        set(`${prefixes[name as keyof typeof prefixes]}_${constantName(field)}`, Number(at));
  }
  return `${lines.join("\n")}\n`;
}

function run(command: readonly string[], args: readonly string[]): string {
  const [tool = "", ...fixed] = command;
  return execFileSync(tool, [...fixed, ...args], { encoding: "utf8" });
}

function assemble(toolchain: Toolchain): string {
  const source = join("src/machine", toolchain.folder, "stub.S");
  const work = mkdtempSync(join(tmpdir(), "elsewhere-assemble-"));
  try {
    const object = join(work, "stub.o");
    const linked = join(work, "stub");
    writeFileSync(join(work, "layout.inc"), layoutInclude());
    run(toolchain.as, ["-I", work, "-o", object, source]);
    run(toolchain.ld, [
      "-e",
      "bootstrap",
      "-N",
      "--no-warn-rwx-segments",
      "-Ttext=0x1000",
      "-Tdata=0",
      "-o",
      linked,
      object,
    ]);
    const listing = run(toolchain.objdump, [
      "-d",
      "--disassemble-zeroes",
      "--insn-width=16",
      "--section=.text",
      linked,
    ]);
    const symbols = run(toolchain.objdump, ["--syms", linked]);
    return render(listing, symbols);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function render(listing: string, symbolTable: string): string {
  const labels = [...symbolTable.matchAll(/^([0-9a-f]+) g .*?\s(\.text|\.data)\s+[0-9a-f]+ (\w+)$/gm)]
    .map(([, at = "", , name = ""]) => ({ name, at: Number.parseInt(at, 16) }))
    .filter(({ name }) => !/^(_|end$)/.test(name))
    .sort((a, b) => a.at - b.at);
  const lines: string[] = [];
  for (const line of listing.split("\n")) {
    const label = /^[0-9a-f]+ <(\w+)>:$/.exec(line)?.[1];
    if (label !== undefined) lines.push(`  // ${label}:`);
    const instruction = /^\s*[0-9a-f]+:\t((?:[0-9a-f]{2} )+)\s*(?:\t(.*))?$/.exec(line);
    if (instruction)
      lines.push(
        `  "${(instruction[1] ?? "").replaceAll(" ", "")}", // ${(instruction[2] ?? "").replace(/\s+/g, " ").trim()}`,
      );
  }
  return `// Generated from stub.S by script/assemble.ts. Do not edit.
import type { StubCode } from "../machine.ts";

const code: readonly string[] = [
${lines.join("\n")}
];

/** Labels are offsets from the start of the segment: one page of data, then this code. */
export const stub: StubCode = {
  code: Uint8Array.from(Buffer.from(code.join(""), "hex")),
  codeOffset: 0x1000,
  labels: {
${labels.map(({ name, at }) => `    ${name}: 0x${at.toString(16)},`).join("\n")}
  },
};
`;
}

const check = process.argv.includes("--check");
for (const toolchain of toolchains) {
  const path = join("src/machine", toolchain.folder, "stub.generated.ts");
  const text = assemble(toolchain);
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} does not match stub.S and layout.ts: run npm run assemble`);
    process.exitCode = 1;
  }
}
