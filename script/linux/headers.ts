/**
 * A kernel header tree, seen as a program on one machine sees it: the compiler's include path, and what a
 * C program built with it computes.
 *
 * Layouts of arm64 come from the amd64 compiler with arm64's headers: both are LP64 and little-endian and
 * align every C type alike; what differs (`packed` of epoll_event, say) is the headers' own choice by macro.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const machines = ["amd64", "arm64"] as const;
export type Machine = (typeof machines)[number];

export interface KernelHeaders {
  /** "6.12.117" */
  readonly version: string;
  /** Root of the -common package's tree. */
  readonly common: string;
  /** Arguments for gcc that make it see only these headers, as userspace of `machine` would. */
  compilerArguments(machine: Machine): string[];
  /** Compiles a C program (`-O0 -g`) and returns the path of the executable. */
  compile(machine: Machine, name: string, source: string): string;
  /** Values of constant expressions after the prologue; undefined where it does not compile. */
  evaluate(
    machine: Machine,
    prologue: string,
    expressions: readonly string[],
  ): (readonly [string, number])[] | undefined;
  /** Its standard output. */
  run(machine: Machine, name: string, source: string): string;
  /** Standard output of a C program built with this machine's own C library instead. */
  runOnHost(name: string, source: string): string;
  /** Every object-like macro that the source defines: name → body. */
  macros(machine: Machine, source: string): Map<string, string>;
}

/** Kernel's own directory name of a machine. */
const architecture: Record<Machine, string> = { amd64: "x86", arm64: "arm64" };

/** What the compiler would predefine for the machine. */
const predefined: Record<Machine, readonly string[]> = {
  amd64: [],
  arm64: ["-U__x86_64__", "-U__x86_64", "-U__amd64__", "-U__amd64", "-D__aarch64__", "-D__AARCH64EL__"],
};

/** Headers for the kernel alone, which `make headers_install` would strip, and the C library's that a few ask for. */
const stubs: Record<string, string> = {
  "linux/compiler.h": "",
  "linux/compiler_types.h": "",
  "stddef.h": "typedef __SIZE_TYPE__ size_t;\n",
  "unistd.h": "",
  "sys/socket.h": [
    "#pragma once",
    "#include <linux/socket.h>",
    "typedef __kernel_sa_family_t sa_family_t;",
    "struct sockaddr { sa_family_t sa_family; char sa_data[14]; };\n",
  ].join("\n"),
};

export function findHeaders(root: string, work: string): KernelHeaders {
  const base = join(root, "usr/src");
  const entries = readdirSync(base).toSorted();
  const find = (suffix: string): string => {
    const found = entries.find((entry) => entry.endsWith(suffix));
    if (!found) throw new Error(`no ${suffix} headers in ${base}`);
    return join(base, found);
  };
  const common = find("-common");
  const amd64 = find("-amd64");
  const makefile = readFileSync(join(common, "Makefile"), "utf8");
  const part = (name: string): string => new RegExp(`^${name} = (\\d+)$`, "m").exec(makefile)?.[1] ?? "?";
  const version = [part("VERSION"), part("PATCHLEVEL"), part("SUBLEVEL")].join(".");

  const stubDirectory = join(work, "stubs");
  for (const [path, text] of Object.entries(stubs)) write(join(stubDirectory, path), text);

  // Where an architecture has no header of its own, the kernel's build makes one that includes the generic one.
  const generic = join(common, "include/uapi/asm-generic");
  const wrappers = join(work, "wrappers");
  for (const header of readdirSync(generic).filter((name) => name.endsWith(".h")))
    write(join(wrappers, "asm", header), `#include <asm-generic/${header}>\n`);

  const compilerArguments = (machine: Machine): string[] => {
    const include = [
      stubDirectory,
      ...(machine === "amd64" ? [join(amd64, "arch/x86/include/generated/uapi")] : []),
      join(common, "arch", architecture[machine], "include/uapi"),
      join(common, "include/uapi"),
      wrappers,
    ];
    return [
      "-nostdinc",
      "-D__user=",
      "-D__force=",
      "-D__attribute_const__=",
      ...predefined[machine],
      ...include.map((directory) => `-I${directory}`),
    ];
  };

  const compile = (machine: Machine, name: string, source: string): string => {
    const file = join(work, `${name}-${machine}.c`);
    writeFileSync(file, source);
    const executable = file.replace(/\.c$/, "");
    execFileSync("gcc", [
      ...compilerArguments(machine),
      "-O0",
      "-g",
      "-fno-eliminate-unused-debug-types",
      "-w",
      file,
      "-o",
      executable,
    ]);
    return executable;
  };

  return {
    version,
    common,
    compilerArguments,
    compile,
    evaluate: (machine, prologue, expressions) => {
      // The assembly text shows the constants; neither assembler nor linker is needed. A one in front of each
      // keeps gcc from writing several zeros as one directive.
      const source = `${prologue}long long values[] = {${expressions.map((text) => `1, (long long)(${text}),\n`).join("")}};\n`;
      const { status, stdout } = spawnSync("gcc", [...compilerArguments(machine), "-w", "-S", "-xc", "-", "-o", "-"], {
        input: source,
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
      if (status !== 0) return undefined;
      const words = [...stdout.matchAll(/^\t\.(?:quad\t(-?\d+)|zero\t8)$/gm)].map((match) => Number(match[1] ?? 0));
      return expressions.map((text, index) => [text, words[2 * index + 1] ?? Number.NaN] as const);
    },
    run: (machine, name, source) =>
      execFileSync(compile(machine, name, source), { encoding: "utf8", maxBuffer: 1 << 26 }),
    runOnHost: (name, source) => {
      const executable = join(work, name);
      execFileSync("gcc", ["-xc", "-", "-o", executable], { input: source });
      return execFileSync(executable, { encoding: "utf8" });
    },
    macros: (machine, source) => {
      const text = execFileSync("gcc", [...compilerArguments(machine), "-E", "-dM", "-xc", "-"], {
        encoding: "utf8",
        input: source,
        maxBuffer: 1 << 26,
      });
      return new Map(
        [...text.matchAll(/^#define (\w+)(?: (.*))?$/gm)].map((match) => [match[1] ?? "", (match[2] ?? "").trim()]),
      );
    },
  };
}

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}
