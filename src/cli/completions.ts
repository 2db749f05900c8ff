/** `elsewhere completions SHELL`: the script that lets a shell complete our commands, options and call names. */
import type { Command } from "commander";

import { ElsewhereError } from "../errors.ts";
import { callTables } from "../linux/calls.ts";
import { filterWords } from "../trace/filter.ts";
import { bashScript } from "./completions/bash.ts";
import { fishScript } from "./completions/fish.ts";
import { modelOf, type ProgramModel } from "./completions/model.ts";
import { zshScript } from "./completions/zsh.ts";

const writers: ReadonlyMap<string, (program: ProgramModel) => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/**
 * @param shell   "bash", "zsh" or "fish"
 * @param program what commander parses
 * @throws ElsewhereError "usage"
 */
export function completionScript(shell: string, program: Command): string {
  const write = writers.get(shell);
  const shells = [...writers.keys()];
  if (!write)
    throw new ElsewhereError({
      code: "usage",
      message: `no completions for "${shell}"`,
      hint: `there are some for ${shells.join(", ")}`,
    });
  return write(
    modelOf(program, {
      program: { kind: "program" },
      shell: { kind: "words", words: shells },
      list: { kind: "list", words: [...new Set(Object.values(callTables).flatMap(filterWords))] },
      bytes: { kind: "words", words: [] },
      target: { kind: "words", words: [] },
      address: { kind: "words", words: [] },
      destination: { kind: "words", words: [] },
      forwards: { kind: "words", words: [] },
      assignment: { kind: "words", words: [] },
    }),
  );
}

/** Prints the script. */
export function completions(shell: string, program: Command): void {
  process.stdout.write(completionScript(shell, program));
}
