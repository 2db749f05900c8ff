/** record and replay: sockets. The servers are gone when they are replayed; at the end there is no network at all. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request, type Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { recorded, replayed, replayedProgram, type Start } from "./replaying.ts";

const folder: string = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-replayed-")));
const file: string = join(folder, "run.elsewhere");
let program: string;

beforeAll(async () => {
  program = await replayedProgram();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

const running = (...args: readonly string[]): Start => ({ program, args });

/** Records a run while a server is there. */
async function recordedWith(
  server: HttpServer | Server,
  args: (address: string) => readonly string[],
): Promise<{
  readonly start: Start;
  readonly before: Awaited<ReturnType<typeof recorded>>;
}> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const start = running(...args(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  try {
    return { start, before: await recorded(file, start) };
  } finally {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  }
}

/** Another page at every request. */
const pages = (): HttpServer =>
  createHttpServer((asked, answer) => void answer.end(`${asked.url} is ${Math.random()}${"x".repeat(5000)}`));

describe("a client", () => {
  test("gets the same pages, and nobody where there was nobody", async () => {
    const { start, before } = await recordedWith(pages(), (address) => [
      "get",
      `http://${address}/one`,
      `http://${address}/two`,
      "http://127.0.0.1:1/",
    ]);
    expect(before.stdout).toMatch(/\/one is 0\.[^]*\/two is 0\.[^]*connection refused/);
    expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  });

  test("gets the page that it asks for, in whatever order and over whatever connections", async () => {
    const { start, before } = await recordedWith(pages(), (address) => ["parallel", `http://${address}`]);
    for (let at = 0; at < 5; at++) expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  });

  test("talks to a server that speaks first and ends the connection", async () => {
    const greeter = createServer((socket: Socket) => {
      let words = 0;
      socket.write("hello 0\n");
      socket.on("data", () => socket[++words < 3 ? "write" : "end"](`hello ${words} ${Math.random()}\n`));
    });
    const { start, before } = await recordedWith(greeter, (address) => ["greet", address, "a", "b", "c"]);
    expect(before.stdout).toMatch(/"hello 3 0.*\\n" <nil> 127.0.0.1:\d+ 127.0.0.1:\d+/);
    expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  });

  test("is told when it asks something else, or somebody else", async () => {
    const { start } = await recordedWith(pages(), (address) => ["get", `http://${address}/one`]);
    const url = start.args[1] ?? "";
    const { stdout, differences } = await replayed(
      file,
      running("get", url.replace("one", "two"), "http://127.0.0.1:2/"),
    );
    expect(stdout).toMatch(/connection refused/);
    const address = new URL(url).host;
    expect(differences).toContainEqual(
      expect.objectContaining({
        kind: "sent",
        what: address,
        offset: 5,
        wanted: expect.stringContaining("one HTTP") as string,
      }),
    );
    expect(differences).toContainEqual({
      kind: "unrecorded",
      call: "connect",
      what: "127.0.0.1:2",
      nearest: address,
      outcome: "ECONNREFUSED",
    });
  });

  test("reaches the real network, if that is asked for", async () => {
    await recordedWith(pages(), (address) => ["get", `http://${address}/one`]);
    const server = pages();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { stdout } = await replayed(file, running("get", `http://${address}/new`), { unknown: "real" });
    server.close();
    server.closeAllConnections();
    expect(stdout).toContain("200 OK /new is 0.");
  });

  test("of a Unix socket", async () => {
    const path = join(folder, "socket");
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("data", (data: Buffer) => socket.write(`${data.toString()} ${Math.random()}`));
      socket.on("end", () => socket.end());
    });
    server.listen(path);
    await once(server, "listening");
    const before = await recorded(file, running("unix", path, "question"));
    server.close();
    expect(before.stdout).toMatch(/"question 0\./);
    expect(await replayed(file, running("unix", path, "question"))).toEqual({ ...before, differences: [] });
  });
});

test("a server gets the same clients, and they the same answers", async () => {
  const start = running("serve", "127.0.0.1:0");
  const asked: Promise<unknown>[] = [];
  const ask = (port: string, path: string, body: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const asking = request({ port, path, method: "POST", agent: false }, (answer) =>
        answer.resume().on("end", resolve),
      );
      asking.on("error", reject);
      asking.end(body);
    });
  const onLine = (line: string): void => {
    const port = /^at 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    if (port === undefined) return;
    asked.push(
      ask(port, "/first", "some words")
        .then(() => Promise.all([ask(port, "/second", "x".repeat(100_000)), ask(port, "/third", "")]))
        .then(() => ask(port, "/quit", "")),
    );
  };
  const before = await recorded(file, { ...start, onLine });
  await Promise.all(asked);
  expect(before.stdout.match(/POST/g)).toHaveLength(4);
  const after = await replayed(file, start);
  // Two came at once: either may be served first.
  const lines = (text: string): string[] => text.split("\n").toSorted();
  expect(lines(after.stdout)).toEqual(lines(before.stdout));
  expect(after.differences.filter(({ kind }) => kind !== "output")).toEqual([]);
});

describe("datagrams", () => {
  test("to a name server: the same answers to the same questions, in another order", async () => {
    const server = createSocket("udp4");
    server.on("message", (question, { port, address }) => server.send(answerTo(question), port, address));
    server.bind(53, "127.0.0.53");
    await once(server, "listening");
    const names = ["one.example", "two.example"];
    const before = await recorded(file, running("lookup", "127.0.0.53:53", ...names));
    server.close();
    expect(before.stdout).toMatch(/one\.example \[10\.\d+\.\d+\.\d+\] <nil>/);
    expect(await replayed(file, running("lookup", "127.0.0.53:53", ...names))).toEqual({ ...before, differences: [] });
    const other = await replayed(
      file,
      running("lookup", "127.0.0.53:53", "two.example", "three.example", "one.example"),
    );
    const [one, two] = before.stdout.split("\n");
    expect(other.stdout.split("\n")).toEqual([
      two,
      expect.stringMatching(/^three\.example \[\] .*server misbehaving/),
      one,
      "",
    ]);
    expect(other.differences).toContainEqual(
      expect.objectContaining({
        kind: "unrecorded",
        what: "three.example, type 1 of 127.0.0.53:53",
        outcome: "SERVFAIL",
      }),
    );
  });

  test("without a connection", async () => {
    const server = createSocket("udp4");
    server.on("message", (text, { port, address }) =>
      server.send(`${text.toString()} ${Math.random()}`, port, address),
    );
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    const start = running("datagrams", `127.0.0.1:${server.address().port}`, "first", "second");
    const before = await recorded(file, start);
    server.close();
    expect(before.stdout).toMatch(/"first 0.*" from 127\.0\.0\.1:\d+ <nil>\n"second 0/);
    expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  });
});

test("where there is no network, on the command line", async () => {
  const { start, before } = await recordedWith(pages(), (address) => ["get", `http://${address}/one`]);
  const hook = join(folder, "replay.ts");
  writeFileSync(hook, `import { replay } from "elsewhere";\nexport default replay(${JSON.stringify(file)});\n`);
  const elsewhere = [process.execPath, join(repository, "src/cli/main.ts"), "exec", "--hook", hook];
  const after = await run(["unshare", "-rn", ...elsewhere, program, ...start.args], { cwd: "/", timeoutMs: 20_000 });
  expect(after).toMatchObject({ stdout: before.stdout, stderr: "", exitCode: 0 });
});

test("standard input, random bytes and the environment", async () => {
  const before = await recorded(file, { ...running("stdin"), input: "two\nlines\n" });
  expect(before.stdout).toContain('"two\\nlines\\n" <nil>');
  expect(await replayed(file, running("stdin"))).toEqual({ ...before, differences: [] });
  const random = await recorded(file, running("random", "16", "8", "16"));
  expect(await replayed(file, running("random", "16", "8", "16"))).toEqual({ ...random, differences: [] });
  // A byte in between changes nothing.
  const { stdout } = await replayed(file, running("random", "16", "1", "8", "16"));
  expect(stdout.split("\n").toSpliced(1, 1).join("\n")).toBe(random.stdout);
  const env = { ...process.env, TOKEN: "secret" };
  expect((await replayed(file, { ...running("random", "16", "8", "16"), env })).differences).toEqual([
    { kind: "start", what: "environment variable TOKEN", found: "a value" },
  ]);
});

test("programs that the program starts are replayed, too; those that are not hooked are not started", async () => {
  const driver = await goProgram(join(repository, "test/hooks/driver"));
  const path = join(folder, "input.txt");
  writeFileSync(path, "for a child");
  const start = running("start", `${program} read ${path}`, `${program} random 16`, `${driver} cat ${path}`);
  const before = await recorded(file, start);
  expect(before.stdout).toContain("for a child");
  rmSync(path);
  expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  await recorded(file, running("start", "/bin/echo something"));
  const after = await replayed(file, running("start", "/bin/echo something"));
  expect(after.stdout).toContain("permission denied");
  expect(after.differences[0]).toMatchObject({ kind: "unrecorded", outcome: "EACCES" });
});

/** An address of its own for every name. */
function answerTo(question: Buffer): Buffer {
  let end = 12;
  while ((question[end] ?? 0) !== 0) end += 1 + (question[end] ?? 0);
  const isAddress = question.readUInt16BE(end + 1) === 1;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isAddress ? 1 : 0, 6);
  header.fill(0, 8);
  const [a = 0, b = 0, c = 0] = [0, 0, 0].map(() => Math.floor(Math.random() * 250));
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, a, b, c]);
  return Buffer.concat([header, question.subarray(12, end + 5), ...(isAddress ? [record] : [])]);
}
