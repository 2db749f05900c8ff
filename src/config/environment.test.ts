/** What variables the program has. */
import { expect, test } from "vitest";
import type { ElsewhereConfig } from "./config.ts";
import { programEnvironment, type Variable } from "./environment.ts";
import { settle } from "./settings.ts";
import { plainSource } from "./source.ts";

const entries = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const target = entries(
  "DB=there",
  "PATH=/app",
  "HOME=/nobody",
  "GOMAXPROCS=1",
  "GOFLAGS=-x",
  "HOSTNAME=api-1",
  "EMPTY=",
);
const local = entries(
  "PATH=/usr/bin",
  "HOME=/home/me",
  "DB=here",
  "MINE=1",
  "HOSTNAME=laptop",
  "TZ=Asia/Tokyo",
  "PWD=/w",
);

function environment(config: ElsewhereConfig, workingDirectory?: string): readonly Variable[] {
  const speaker = { source: plainSource("test", config), folder: "/", originOf: () => ({ by: "default" }) as const };
  const settings = settle([speaker], { file: undefined, homes: [] });
  return programEnvironment(target, local, settings, workingDirectory);
}

const texts = (variables: readonly Variable[]): string[] => variables.map(({ entry }) => Buffer.from(entry).toString());

test("the target's over those of here, but for what belongs to this machine", () => {
  expect(texts(environment({}))).toEqual([
    "DB=there",
    "GOMAXPROCS=1",
    "HOSTNAME=api-1",
    "EMPTY=",
    "PATH=/usr/bin",
    "HOME=/home/me",
    "MINE=1",
    "PWD=/w",
  ]);
});

test("local: false is the target's, entry for entry", () => {
  expect(texts(environment({ env: { local: false } }))).toEqual(texts(environmentOf(target)));
  expect(environment({ env: { local: false } }).every(({ from }) => from === "target")).toBe(true);
});

const environmentOf = (entries: readonly Buffer[]): Variable[] =>
  entries.map((entry) => ({ name: "", entry, from: "target" }));

test.each<[string, ElsewhereConfig, present: string[], absent: string[]]>([
  ["include takes these alone", { env: { include: ["GO*"] } }, ["GOMAXPROCS=1", "DB=here"], ["EMPTY=", "GOFLAGS=-x"]],
  [
    "a name in full beats the default",
    { env: { include: ["*", "PATH"] } },
    ["PATH=/app", "HOME=/home/me"],
    ["PATH=/usr/bin"],
  ],
  ["but * does not", { env: { include: ["PA*"] } }, ["PATH=/usr/bin"], ["PATH=/app"]],
  ["exclude leaves them there", { env: { exclude: ["DB", "E*"] } }, ["DB=here"], ["DB=there", "EMPTY="]],
  ["override comes last", { env: { override: { DB: "ü=x", PATH: "" } } }, ["DB=ü=x", "PATH="], ["DB=there"]],
  [
    "unset comes after it",
    { env: { override: { DB: "x" }, unset: ["D?", "MINE"] } },
    [],
    ["DB=x", "DB=there", "MINE=1"],
  ],
  ["hostname: false", { hostname: false }, ["HOSTNAME=laptop"], ["HOSTNAME=api-1"]],
  ["timezone: local", { timezone: "local" }, ["TZ=Asia/Tokyo"], []],
  ["timezone: a zone", { timezone: "Europe/Berlin" }, ["TZ=Europe/Berlin"], ["TZ=Asia/Tokyo"]],
  ["timezone: target, which has none", { timezone: "target" }, [], ["TZ=Asia/Tokyo"]],
])("%s", (_, config, present, absent) => {
  const found = texts(environment(config));
  expect(present.filter((entry) => !found.includes(entry))).toEqual([]);
  expect(absent.filter((entry) => found.includes(entry))).toEqual([]);
});

test("PWD is where the program starts", () => {
  expect(texts(environment({}, "/app"))).toContain("PWD=/app");
});

test("bytes stay what they are; of a name that comes twice the first counts; what has no name is dropped", () => {
  const odd = Buffer.from([0x4f, 0xff, 0x3d, 0xfe, 0x3d, 0x0a]); // "O\xff=\xfe=\n"
  const settings = settle([], { file: undefined, homes: [] });
  const variables = programEnvironment([odd, ...entries("A=1", "A=2", "=x", "nothing")], [], settings);
  expect(variables.map(({ entry }) => Buffer.from(entry))).toEqual([odd, Buffer.from("A=1")]);
});
