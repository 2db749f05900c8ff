/** The scripts are run by the shells they are for: keys in at a terminal, and what the shell made of them out. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command, Option } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ElsewhereError } from "../errors.ts";
import { completionScript } from "./completions.ts";
import { buildProgram } from "./program.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "elsewhere-completions-"));
  for (const shell of ["bash", "zsh", "fish"])
    writeFileSync(join(directory, shell), completionScript(shell, buildProgram()));
  writeFileSync(join(directory, "netlog.txt"), "");
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A shell that waits for more has not understood; milliseconds. */
const timeout = 20_000;

const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

/** What was typed (→ is the tab key), and the words that the command then got. */
const typed: readonly [keys: string, words: string][] = [
  ["tr→", "trace"],
  ["trace --summ→", "trace --summary"],
  ["trace -e netw→", "trace -e network"],
  ["trace -e openat,%memo→", "trace -e openat,%memory"],
  ["trace --filter=openat,getcw→", "trace --filter=openat,getcwd"],
  ["trace -o netl→", "trace -o netlog.txt"],
  ["trace --timeline netl→", "trace --timeline netlog.txt"],
  ["trace base6→", "trace base64"],
  ["trace -e file -- cat netl→", "trace -e file -- cat netlog.txt"],
  ["inspect base6→", "inspect base64"],
  ["completions fi→", "completions fish"],
  ["ex→", "exec"],
  ["exec --watch→", "exec --watch-hooks"],
  ["exec --hook netl→", "exec --hook netlog.txt"],
  ["exec --hook a.ts base6→", "exec --hook a.ts base64"],
  ["help do→", "help doctor"],
];

describe("bash", () => {
  /** The command lines that an interactive bash ran, with what was completed in them. */
  function bash(lines: readonly string[]): string[] {
    const setUp = [`elsewhere() { printf '<%s>\\n' "$*"; }`, "PS1=", "source ./bash"];
    const keys = [...setUp, ...lines.map((line) => `elsewhere ${line}`), "exit", ""].join("\n").replaceAll("→", "\t");
    const command = ["-qec", "bash --norc --noprofile -i", "/dev/null"];
    const env = { ...process.env, TERM: "dumb", HOME: directory, HISTFILE: "" };
    const output = execFileSync("script", command, { cwd: directory, input: keys, env, encoding: "utf8", timeout });
    return output.split(/\r?\n/).flatMap((line) => /^[^<]*<(?!%s)(.*)>$/.exec(line)?.[1]?.trim() ?? []);
  }

  test("completes commands, options, call names, files and programs", () => {
    expect(bash(typed.map(([keys]) => keys))).toEqual(typed.map(([, words]) => words));
  });

  test("a word in quotes, whose ! bash would take for itself", () => {
    expect(bash(["trace -e 'openat,!getcw→"])).toEqual(["trace -e openat,!getcwd"]);
  });
});

describe.skipIf(!has("fish"))("fish", () => {
  test.each(typed)("%s", (keys, words) => {
    const line = `elsewhere ${keys.replace("→", "")}`;
    const script = `source ./fish; complete -C '${line}'`;
    const env = { ...process.env, HOME: directory };
    const candidates = execFileSync("fish", ["-c", script], { cwd: directory, env, encoding: "utf8" });
    const last = words.split(" ").at(-1);
    expect(candidates.split("\n").map((candidate) => candidate.split("\t")[0])).toContain(last);
  });
});

describe.skipIf(!has("zsh"))("zsh", () => {
  test("completes commands, options, call names, files and programs", () => {
    // insert-tab: a tab with more keys waiting behind it would be a tab, and no completion.
    const setUp = [
      "autoload -U compinit; compinit -D -u; zstyle ':completion:*' insert-tab false",
      'source ./zsh; elsewhere() { print -r -- "<$*>" }; print READY',
    ].join("; ");
    const script = `
      tab=$'\\t'
      zmodload zsh/zpty
      zpty -b shell 'PS1= TERM=vt100 zsh -f -i'
      zpty -w shell ${quoted(setUp)}
      zpty -r shell out '*READY*READY*'
      for line in ${typed.map(([keys]) => quoted(`elsewhere ${keys}`)).join(" ")}; do
        zpty -w shell "\${line//→/$tab}"
        zpty -r shell out $'*<*>\\r\\n*'
        print -r -- \${\${out##*<}%%>*}
      done`;
    const got = execFileSync("zsh", ["-f", "-c", script], { cwd: directory, encoding: "utf8", timeout });
    expect(got.trimEnd().split("\n")).toEqual(typed.map(([, words]) => words));
  });
});

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

test.each(["bash", "zsh", "fish"])("a %s script is made of whatever commander knows", (shell) => {
  const program = new Command("tool").description("it's [a]: tool");
  program
    .command("paint")
    .description("it's [a]: colour")
    .addOption(new Option("--shade <shade>").choices(["light", "dark"]));
  program.command("hidden", { hidden: true });
  const script = completionScript(shell, program);
  expect(script).toContain("light dark");
  expect(script).toContain("paint");
  expect(script).not.toContain("hidden");
  const file = join(directory, `tool.${shell}`);
  writeFileSync(file, script);
  if (has(shell)) expect(spawnSync(shell, ["-n", file], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});

test("another shell is refused", () => {
  expect(() => completionScript("tcsh", buildProgram())).toThrow(ElsewhereError);
});
