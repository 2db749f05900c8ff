/** Who is heard, and what is said of mistakes. */
import { describe, expect, test } from "vitest";
import { ElsewhereError } from "../errors.ts";
import type { ElsewhereConfig } from "./config.ts";
import { originText } from "./origin.ts";
import { fileSpeaker, settle, type Settings, type Speaker } from "./settings.ts";
import { plainSource } from "./source.ts";
import { textSource } from "./text-source.ts";

const none = { file: undefined, homes: ["/home/me"] };

const yaml = (text: string): Speaker => fileSpeaker("/p/c.yaml", textSource("c.yaml", text, "yaml"));
const json = (text: string): Speaker => fileSpeaker("/p/c.json", textSource("c.json", text, "json"));
const flags = (config: ElsewhereConfig): Speaker => ({
  source: { ...plainSource("flags", config), labelOf: () => "--flag" },
  folder: "/cwd",
  originOf: () => ({ by: "flag", flag: "--flag" }),
});

function mistakes(...speakers: readonly (() => Speaker)[]): readonly string[] {
  try {
    settle(
      speakers.map((speaker) => speaker()),
      none,
    );
  } catch (error) {
    if (error instanceof ElsewhereError) return error.context;
    throw error;
  }
  return [];
}

test("nobody says anything", () => {
  const settings = settle([], none);
  expect(settings).toMatchObject({
    target: { value: undefined },
    hostname: { value: true },
    identity: { value: false },
    workdir: { value: undefined },
    timezone: { value: "target" },
    files: { rules: [], otherwise: { mode: "remote-read" } },
  });
});

describe("flags and file", () => {
  const file = `target: container:api
hostname: false
files:
  default: remote
  readWrite: [/data, ./state]
  absent:
    - ~/.netrc
env:
  override: { PORT: "80", MODE: file }
`;
  const said = flags({ target: "ssh:x", files: { local: ["./x"] }, env: { override: { MODE: "flag" } } });
  const settings: Settings = settle([said, yaml(file)], none);

  test("the flag counts, each value knows who said it and where", () => {
    const { target, hostname, timezone, env } = settings;
    expect([target, hostname, timezone].map(({ value, origin }) => [value, originText(origin)])).toEqual([
      ["ssh:x", "--flag"],
      [false, "/p/c.yaml:2"],
      ["target", "default"],
    ]);
    expect(env.override.get("MODE")?.value).toBe("flag");
    expect(env.override.get("PORT")).toMatchObject({ value: "80", origin: { line: 9, column: 21 } });
    expect(settings.files.otherwise).toMatchObject({ mode: "remote", origin: { line: 4 } });
  });

  test("rules about files: the flags' first, then the lists in their order, each from its own folder", () => {
    const { rules } = settings.files;
    expect(rules.map(({ mode, pattern, origin }) => [mode, pattern, originText(origin)])).toEqual([
      ["local", "./x", "--flag"],
      ["absent", "~/.netrc", "/p/c.yaml:7"],
      ["remote", "/data", "/p/c.yaml:5"],
      ["remote", "./state", "/p/c.yaml:5"],
    ]);
    const paths = ["/cwd/x", "/home/me/.netrc", "/data/a", "/p/state"];
    expect(paths.filter((path, at) => rules[at]?.compiled.matches(path) !== true)).toEqual([]);
  });
});

test("files.rules come before the lists, in their order", () => {
  const { files } = settle(
    [
      json(
        '{"files": {"readOnly": ["/a"], "rules": [{"path": "/a/b", "mode": "remote"}, {"path": "^/x", "mode": "local"}]}}',
      ),
    ],
    none,
  );
  expect(files.rules.map(({ pattern }) => pattern)).toEqual(["/a/b", "^/x", "/a"]);
});

test("rules about connections: the flags' first, then network.outgoing.rules, then the lists in their order", () => {
  const said = flags({ network: { outgoing: { remote: ["db:5432"] } } });
  const text = `network:
  outgoing:
    default: local
    remote: ["*.corp"]
    local: [localhost:3000, "unix:./app.sock"]
    refuse: [":25"]
    rules:
      - { to: 10.0.0.0/8, mode: refuse, errno: ENETUNREACH }
`;
  const { outgoing } = settle([said, yaml(text)], none);
  expect(outgoing.rules.map(({ mode, pattern, origin }) => [mode, pattern, originText(origin)])).toEqual([
    ["remote", "db:5432", "--flag"],
    ["refuse", "10.0.0.0/8", "/p/c.yaml:8"],
    ["refuse", ":25", "/p/c.yaml:6"],
    ["local", "localhost:3000", "/p/c.yaml:5"],
    ["local", "unix:./app.sock", "/p/c.yaml:5"],
    ["remote", "*.corp", "/p/c.yaml:4"],
  ]);
  expect(outgoing.rules[4]?.compiled.hasPath?.("/p/app.sock")).toBe(true);
  expect(outgoing).toMatchObject({ enabled: { value: true }, otherwise: { mode: "local", origin: { line: 3 } } });
});

describe("mistakes", () => {
  test.each([
    ["targte: x", "1:1: targte", 'there is no such key; did you mean "target"?'],
    ["files:\n  read_only: []", "2:3: files.read_only", 'there is no such key; did you mean "readOnly"?'],
    ["files: { readonly: [] }", "1:10: files.readonly", 'there is no such key; did you mean "readOnly"?'],
    ["readOnly: [/x]", "1:1: readOnly", 'there is no such key; did you mean "files.readOnly"?'],
    [
      "zzzzzz: 1",
      "1:1: zzzzzz",
      "there is no such key; there are target, keep, files, env, network, hostname, identity, workdir, timezone",
    ],
    ["target: 5", "1:9: target", 'wanted a target such as "container:api", found the number 5'],
    ["hostname: ja", "1:11: hostname", 'wanted true or false, found "ja"'],
    ["files:\n  local: /x", "2:10: files.local", 'wanted a list of patterns, found "/x"'],
    ["files:\n  local:\n  - /x\n  - y", "4:5: files.local[1]", /^wanted a path or glob that begins .*, found "y"$/],
    ["files: { absent: ['^('] }", "1:19: files.absent[0]", /^wanted a path .*, found "\^\("$/],
    [
      "files: { default: absent }",
      "1:19: files.default",
      'wanted "local" or "remote-read" or "remote", found "absent"',
    ],
    [
      "files: { rules: [{ path: /x, mode: remot }] }",
      "1:36: files.rules[0].mode",
      /^wanted "local" .*, found "remot"$/,
    ],
    ["files: { rules: [{ path: /x }] }", "1:18: files.rules[0].mode", /, found nothing$/],
    ["files: { rules: [{ path: /x, mode: local, moed: 1 }] }", "1:43: files.rules[0].moed", /did you mean "mode"\?$/],
    [
      "env: { override: { PORT: 8080 } }",
      "1:26: env.override.PORT",
      "wanted a text (in quotes), found the number 8080",
    ],
    ["env: { unset: ['A=B'] }", "1:16: env.unset[0]", 'wanted a name, without "=", found "A=B"'],
    ["network: { incoming: {} }", "1:12: network.incoming", "there is no such key; there are outgoing"],
    [
      "network: { outgoing: { local: ['10.0.0.0/99'] } }",
      "1:32: network.outgoing.local[0]",
      /^wanted a destination such as .*, found "10.0.0.0\/99"$/,
    ],
    [
      "network: { outgoing: { rules: [{ to: db, mode: remotely }] } }",
      "1:48: network.outgoing.rules[0].mode",
      'wanted "local" or "remote" or "refuse", found "remotely"',
    ],
    ["identity: { uid: 1 }", "1:11: identity", "wanted true, false or { uid, gid } (numbers), found an object"],
    ["workdir: app", "1:10: workdir", 'wanted "target" or an absolute path, found "app"'],
    ["files:", "1:7: files", "wanted an object, found nothing"],
  ])("%j", (text, where, what) => {
    const [mistake = "", ...others] = mistakes(() => yaml(text));
    expect(others).toEqual([]);
    expect(mistake.startsWith(`c.yaml:${where}: `)).toBe(true);
    expect(mistake.slice(`c.yaml:${where}: `.length)).toMatch(what);
  });

  test("all of them are told, and a flag's by its name", () => {
    expect(mistakes(() => yaml("target: 5\nhostname: 1"))).toHaveLength(2);
    expect(mistakes(() => flags({ files: { local: ["x"] } }))[0]).toMatch(/^--flag: wanted a path or glob/);
  });

  test("a configuration that is no object", () => {
    expect(mistakes(() => yaml("- x"))).toEqual(["c.yaml:1:1: wanted an object, found a list"]);
    expect(mistakes(() => fileSpeaker("/c.ts", plainSource("c.ts", undefined)))).toEqual([
      "c.ts: wanted an object, found nothing",
    ]);
  });

  test("a rule that never decides", () => {
    const text = "files:\n  readOnly: [/data]\n  readWrite: [/data/new]";
    expect(mistakes(() => yaml(text))).toEqual([
      "c.yaml:3:15: files.readWrite[0]: /data/new is remote-read already, by /data",
    ]);
    expect(mistakes(() => yaml("files: { readOnly: [/data], readWrite: [/dat] }"))).toEqual([]);
    expect(mistakes(() => yaml("network: { outgoing: { local: [db], remote: [db] } }"))).toEqual([
      "c.yaml:1:46: network.outgoing.remote[0]: db is local already",
    ]);
  });

  test("a file of variables that is not there", () => {
    expect(mistakes(() => yaml("env: { file: no.env }"))[0]).toMatch(/^c\.yaml:1:14: env\.file: ENOENT.*\/p\/no\.env/);
  });

  test.each([
    [() => yaml("a: [1"), /^c\.yaml:1:6: /],
    [() => yaml("target: a\ntarget: b"), /^c\.yaml:2:1: .*unique/],
    [() => json('{\n\t"target": "x",\n\t"hostname": tru\n}'), /^c\.json:3:\d+: /],
    [() => json('{\n  "target": "x"\n  "hostname": true\n}'), /^c\.json:[23]:\d+: /],
    [() => json("{ target: 'x' }"), /^c\.json:1:\d+: /],
    [() => json("// no\n{}"), /^c\.json:1:\d+: /],
  ])("text that is malformed, %#", (speaker, mistake) => {
    expect(mistakes(speaker)[0]).toMatch(mistake);
  });
});

test("an empty file says nothing, and tabs are fine in JSON", () => {
  expect(
    mistakes(
      () => yaml(""),
      () => yaml("# nothing\n"),
    ),
  ).toEqual([]);
  expect(settle([json('{\n\t"$schema": "x",\n\t"target":\t"a:b"\n}')], none).target).toMatchObject({
    value: "a:b",
    origin: { line: 3 },
  });
});
