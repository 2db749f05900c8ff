import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, expect, test } from "vitest";

import { limits, openOutput, outputTo } from "./output.ts";

let directory: string;
const path = (name: string): string => join(directory, name);
const content = (name: string): string => fs.readFileSync(path(name), "utf8");

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "elsewhere-output-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

/** A named pipe whose reading end is open, so that opening the writing end does not wait. */
function fifo(name: string): { readonly path: string; readonly reader: number } {
  execFileSync("mkfifo", [path(name)]);
  return { path: path(name), reader: fs.openSync(path(name), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK) };
}

test("a file is emptied and then holds what was written", () => {
  fs.writeFileSync(path("log"), "old\n");
  const output = openOutput(path("log"));
  output.write("one\n");
  output.write("twö\n");
  output.close();
  expect(content("log")).toBe("one\ntwö\n");
});

test("text is gathered, and written after a while", async () => {
  const output = openOutput(path("log"));
  const watched = new Promise((resolve) => fs.watch(path("log"), { persistent: true }, resolve));
  output.write("one\n");
  expect(content("log")).toBe("");
  await watched;
  expect(content("log")).toBe("one\n");
  output.close();
});

test("much text is written at once", () => {
  const output = openOutput(path("log"));
  const line = `${"x".repeat(99)}\n`;
  const lines = Math.ceil(limits.gatheredLength / line.length);
  for (let i = 0; i < lines - 1; i++) output.write(line);
  expect(content("log")).toBe("");
  output.write(line);
  expect(content("log")).toBe(line.repeat(lines));
  output.close();
});

test("a log that is emptied under way starts again at its beginning", () => {
  const output = openOutput(path("log"));
  output.write("one\n");
  output.flush();
  fs.truncateSync(path("log"));
  output.write("two\n");
  output.close();
  expect(content("log")).toBe("two\n");
});

test("a trace does not go on in a line that the program began in the same file", () => {
  const fd = fs.openSync(path("log"), "w");
  const output = outputTo(fd, "standard error");
  for (const program of ["", "Password: ", "done\n"]) {
    fs.writeSync(fd, program);
    output.write("trace\n");
    output.flush();
  }
  output.close();
  fs.writeSync(fd, "still open\n");
  fs.closeSync(fd);
  expect(content("log")).toBe("trace\nPassword: \ntrace\ndone\ntrace\nstill open\n");
});

test("in a pipe it goes on where the program is known to have ended its line", async () => {
  const { path, reader } = fifo("pipe");
  const writer = fs.openSync(path, "w");
  const output = outputTo(writer, "standard error");
  for (const [program, known] of [
    ["a", undefined],
    ["b", false],
    ["c\n", true],
  ] as const) {
    fs.writeSync(writer, program);
    output.foreignText(known);
    output.write("trace\n");
    output.write("trace\n");
    output.flush();
  }
  output.write("trace\n");
  output.close();
  fs.closeSync(writer);
  expect(await text(fs.createReadStream(path, { fd: reader }))).toBe(
    "atrace\ntrace\nb\ntrace\ntrace\nc\ntrace\ntrace\ntrace\n",
  );
});

/** A process that copies what comes through a pipe into a file until all writers are gone. */
function copying(pipe: string, name: string): Promise<unknown> {
  return once(spawn("sh", ["-c", 'exec cat "$0" >"$1"', pipe, path(name)]), "exit");
}

test("lines stay whole in a pipe that others write to", async () => {
  const { path: pipe, reader } = fifo("pipe");
  const copied = copying(pipe, "copy");
  const script = 'i=0; while [ $i -lt 3000 ]; do echo "program $i"; i=$((i+1)); done >"$0"';
  const others = once(spawn("sh", ["-c", script, pipe]), "exit");
  const output = openOutput(pipe);
  const ours = Array.from({ length: 10_000 }, (_, i) => `trace ${i} ${"x".repeat(i % 300)}\n`);
  for (const line of ours) output.write(line);
  output.close();
  await others;
  fs.closeSync(reader);
  await copied;
  const got = content("copy").split(/(?<=\n)/);
  expect(got.filter((line) => line.startsWith("trace"))).toEqual(ours);
  expect(got.filter((line) => line.startsWith("program"))).toEqual(ours.slice(0, 3000).map((_, i) => `program ${i}\n`));
  expect(got).toHaveLength(13_000);
});

test("a line longer than a pipe takes at once is written whole as well", async () => {
  const { path, reader } = fifo("pipe");
  const output = openOutput(path);
  const lines = `short\n${"x".repeat(3 * limits.pipeBytes)}\nshort\n`;
  output.write(lines);
  output.close();
  expect(await text(fs.createReadStream(path, { fd: reader }))).toBe(lines);
});

test("a full pipe that does not block is waited for", async () => {
  const { path: pipe, reader } = fifo("pipe");
  const copied = copying(pipe, "copy");
  const writer = fs.openSync(pipe, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  const output = outputTo(writer, "standard error");
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`);
  for (const line of lines) output.write(line);
  output.close();
  fs.closeSync(writer);
  fs.closeSync(reader);
  await copied;
  expect(content("copy")).toBe(lines.join(""));
});

test("when nobody reads any more, the rest is dropped quietly", () => {
  const { path, reader } = fifo("pipe");
  const output = openOutput(path);
  fs.closeSync(reader);
  output.write("one\n");
  output.flush();
  output.write("two\n");
  expect(() => output.close()).not.toThrow();
});

test("a path that cannot be opened is a typed error", () => {
  expect(() => openOutput(path("no/such"))).toThrow(
    expect.objectContaining({
      code: "output-unusable",
      message: `cannot write the trace to ${path("no/such")}`,
      context: [expect.stringContaining("ENOENT")],
      hint: "create the directory first",
    }),
  );
});

const diskFull: unknown = expect.objectContaining({
  code: "output-unusable",
  message: "cannot write the trace to /dev/full",
  context: [expect.stringContaining("ENOSPC")],
  hint: "free some space on that file system, or write the trace elsewhere with -o",
});

test("a full disk stops the trace, not the program, and is told in the end", () => {
  const output = openOutput("/dev/full");
  output.write("one\n");
  output.flush();
  output.write("two\n");
  expect(() => output.close()).toThrow(diskFull);
});

test("a full disk is told at once to whoever wants to know, and once", async () => {
  const { promise: told, resolve } = Promise.withResolvers<unknown>();
  const failures: unknown[] = [];
  const output = openOutput("/dev/full", (error) => resolve(failures.push(error)));
  output.write("one\n");
  await told;
  output.write("two\n");
  output.close();
  expect(failures).toEqual([diskFull]);
});

test.each(["-", "/dev/stdout", "/dev/stderr"])(
  "%s is the descriptor that is there already, at its position",
  (name) => {
    const stderr = name === "/dev/stderr";
    const fd = fs.openSync(path("log"), "w");
    const script = `
    import { openOutput } from ${JSON.stringify(new URL("output.ts", import.meta.url))};
    const output = openOutput("${name}");
    output.write("trace\\n");
    output.close();
    process.${stderr ? "stderr" : "stdout"}.write("still open\\n");`;
    fs.writeSync(fd, "before\n");
    const stdio = ["ignore", stderr ? "ignore" : fd, stderr ? fd : "inherit"] as const;
    execFileSync(process.execPath, ["--input-type=module", "-e", script], { stdio: [...stdio] });
    fs.closeSync(fd);
    expect(content("log")).toBe("before\ntrace\nstill open\n");
  },
);

/** What a terminal of 80 columns shows of `bytes`: it wraps only when a character comes behind the last column. */
function screen(bytes: string): string[] {
  const rows: string[] = [""];
  let column = 0;
  for (const character of bytes) {
    if (character === "\r") column = 0;
    else if (character === "\n") rows.push("");
    else {
      if (column === 80) column = rows.push("") && 0;
      const row = rows.pop() ?? "";
      rows.push(row.slice(0, column).padEnd(column) + character + row.slice(column + 1));
      column++;
    }
  }
  return rows.map((row) => row.trimEnd());
}

test("on a terminal every batch begins a line, wherever the program left the cursor", () => {
  const full = "x".repeat(80);
  const script = `
    import { writeSync } from "node:fs";
    import { outputTo } from ${JSON.stringify(new URL("output.ts", import.meta.url))};
    const output = outputTo(2, "standard error");
    const batch = (program, known) => {
      writeSync(1, program);
      output.foreignText(known);
      output.write("trace\\n");
      output.flush();
    };
    batch("", undefined);
    batch("done\\n", undefined);
    batch("Password: ", undefined);
    batch("${full}", undefined);
    batch("50 %\\r", undefined);
    batch("known", false);
    batch("known\\n", true);
    output.close();`;
  fs.writeFileSync(path("script.ts"), script);
  const command = `stty cols 80; ${process.execPath} ${path("script.ts")}`;
  const env = { ...process.env, TERM: "xterm" };
  const bytes = execFileSync("script", ["-qec", command, "/dev/null"], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(screen(bytes)).toEqual([
    "trace",
    "done",
    "trace",
    "Password:",
    "trace",
    full,
    "trace",
    "trace",
    "known",
    "trace",
    "known",
    "trace",
    "",
  ]);
});

test("on a terminal text is written at the end of the event loop's turn", () => {
  const script = `
    import { outputTo } from ${JSON.stringify(new URL("output.ts", import.meta.url))};
    const output = outputTo(2, "standard error");
    output.foreignText(true);
    output.write("one\\n");
    process.stdout.write("turn\\n");
    setImmediate(() => process.stdout.write("next turn\\n", () => process.kill(process.pid, "SIGKILL")));`;
  fs.writeFileSync(path("script.ts"), script);
  const { stdout } = spawnSync("script", ["-qec", `${process.execPath} ${path("script.ts")}`, "/dev/null"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(stdout.split("\r\n").slice(0, 3)).toEqual(["turn", "one", "next turn"]);
});
