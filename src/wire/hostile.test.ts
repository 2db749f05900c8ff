/** Peers that do not keep to the protocol, on either side: a typed error or an ended connection, never a crash or a hang. */
import { duplexPair, type Duplex } from "node:stream";
import http2 from "node:http2";
import { describe, expect, test } from "vitest";
import { ElsewhereError } from "../errors.ts";
import { ConnectionLost, WireClient } from "./client.ts";
import { AgentService } from "./generated/elsewhere/v1/agent_pb.ts";
import { FilesService } from "./generated/elsewhere/v1/files_pb.ts";
import { NetworkService } from "./generated/elsewhere/v1/network_pb.ts";
import { answerFlow } from "./flow.ts";
import { limits } from "./limits.ts";
import { connectedPair } from "./pair.fixture.ts";
import { Refusal, Routes } from "./routes.ts";
import { serve } from "./server.ts";

const hello = AgentService.method.hello;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const frame = (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const SETTINGS = frame(4, 0, 0);

interface Serving {
  readonly here: Duplex;
  readonly done: Promise<void>;
  readonly reports: unknown[];
}

/** An agent of sorts: Hello is answered, Stat never, Read with as much as was asked for. */
function serving(): Serving {
  const [here, there] = connectedPair();
  const routes = new Routes();
  routes.on(hello, () => ({ version: 1 }));
  routes.on(FilesService.method.stat, () => new Promise(() => undefined));
  routes.on(FilesService.method.read, ({ length }) => ({ data: new Uint8Array(length) }));
  const reports: unknown[] = [];
  const done = serve(there, { routes, report: (error) => reports.push(error) });
  here.on("error", () => undefined);
  here.resume();
  return { here, done, reports };
}

/** A call by hand. */
function post(session: http2.ClientHttp2Session, path: string, body: Uint8Array | undefined): http2.ClientHttp2Stream {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc+proto" });
  stream.on("error", () => undefined);
  if (body !== undefined) stream.end(body);
  return stream;
}

const statusOf = (stream: http2.ClientHttp2Stream): Promise<number> =>
  new Promise((resolve) => {
    let status = -1;
    stream.on("response", (headers) => (status = Number(headers["grpc-status"] ?? -1)));
    stream.on("trailers", (headers) => (status = Number(headers["grpc-status"] ?? -1)));
    stream.resume();
    stream.once("close", () => resolve(status));
  });

const framed = (length: number, body: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, body]);
};

/** A message of so many bytes, whatever its type: field 15, which nobody knows, with 1 byte of tag and 4 of length. */
function messageOf(bytes: number): Buffer {
  const rest = bytes - 5;
  const length = Buffer.from([(rest & 127) | 128, ((rest >> 7) & 127) | 128, ((rest >> 14) & 127) | 128, rest >> 21]);
  return Buffer.concat([Buffer.from([15 * 8 + 2]), length, Buffer.alloc(rest)]);
}

describe("an agent ends the connection of a client that sends", () => {
  test.each([
    ["no HTTP/2", Buffer.from("GET / HTTP/1.1\r\nHost: agent\r\n\r\n")],
    ["noise", Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 251))],
    ["a frame longer than allowed", Buffer.concat([PREFACE, SETTINGS, Buffer.from([255, 255, 255, 0, 0, 0, 0, 0, 1])])],
    ["data of no stream", Buffer.concat([PREFACE, SETTINGS, frame(0, 0, 1, Buffer.alloc(100))])],
    [
      "a window of more than 2³¹",
      Buffer.concat([PREFACE, SETTINGS, frame(8, 0, 0, Buffer.from([0x7f, 255, 255, 255]))]),
    ],
    ["headers that do not decode", Buffer.concat([PREFACE, SETTINGS, frame(1, 5, 1, Buffer.alloc(64, 0xff))])],
    [
      "headers that never end",
      Buffer.concat([PREFACE, SETTINGS, frame(1, 1, 1), ...Array.from({ length: 2000 }, () => frame(9, 0, 1))]),
    ],
  ])("%s", async (_, bytes) => {
    const { here, done, reports } = serving();
    here.write(bytes);
    await done;
    expect(reports).toEqual([]);
  });

  test("nothing but pings, and reads no answer", async () => {
    const { here, done } = serving();
    here.pause();
    const before = process.memoryUsage().rss;
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(6, 0, 0, Buffer.alloc(8))));
    here.write(Buffer.concat([PREFACE, SETTINGS]));
    for (let sent = 0; sent < 1000 && !here.destroyed; sent++) {
      here.write(pings);
      await new Promise(setImmediate);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
    here.destroy();
    await done;
  });

  test("the beginning of a session, cut at every byte", async () => {
    const whole: Buffer[] = [];
    const [here, there] = duplexPair();
    there.on("data", (chunk: Buffer) => whole.push(chunk));
    const client = new WireClient(here);
    const call = client.call(hello, { versions: [1] }).catch(() => undefined);
    while (Buffer.concat(whole).length < 100) await new Promise(setImmediate);
    client[Symbol.dispose]();
    await call;
    const bytes = Buffer.concat(whole);
    for (let at = 0; at <= bytes.length; at++) {
      const { here, done, reports } = serving();
      here.write(bytes.subarray(0, at));
      setImmediate(() => setImmediate(() => here.destroy()));
      await done;
      expect(reports).toEqual([]);
    }
  });
});

describe("an agent refuses a call", () => {
  test.each([
    ["there is none of", "/elsewhere.v1.AgentService/Goodbye", framed(0, Buffer.alloc(0)), 12],
    ["that is longer than it says", "/elsewhere.v1.AgentService/Hello", framed(0, Buffer.alloc(1)), 3],
    ["that is shorter than it says", "/elsewhere.v1.AgentService/Hello", framed(9, Buffer.alloc(1)), 3],
    ["of N + 1 bytes", "/elsewhere.v1.AgentService/Hello", framed(limits.messageBytes + 1, Buffer.alloc(0)), 3],
    ["that is no message", "/elsewhere.v1.AgentService/Hello", framed(3, Buffer.alloc(3, 0xff)), 3],
    ["without a message", "/elsewhere.v1.AgentService/Hello", Buffer.alloc(0), 3],
  ])("%s", async (_, path, body, status) => {
    const { here, reports } = serving();
    const session = http2.connect("http://agent", { createConnection: () => here });
    session.on("error", () => undefined);
    expect(await statusOf(post(session, path, body))).toBe(status);
    here.destroy();
    expect(reports).toEqual([]);
  });

  test("of N bytes not", async () => {
    const body = messageOf(limits.messageBytes);
    const { here } = serving();
    const session = http2.connect("http://agent", { createConnection: () => here });
    const call = post(session, "/elsewhere.v1.AgentService/Hello", framed(body.length, body));
    expect(await statusOf(call)).toBe(0);
    here.destroy();
  });

  /** What becomes of a call with such headers beside its own. */
  const withHeaders = async (more: Readonly<Record<string, string>>): Promise<number> => {
    const { here, reports } = serving();
    const session = http2.connect("http://agent", { createConnection: () => here, maxSendHeaderBlockLength: 2 ** 20 });
    session.on("error", () => undefined);
    const own = {
      ":method": "POST",
      ":path": "/elsewhere.v1.AgentService/Hello",
      "content-type": "application/grpc+proto",
    };
    const stream = session.request({ ...own, ...more });
    stream.on("error", () => undefined);
    stream.end(framed(0, Buffer.alloc(0)));
    const status = await statusOf(stream);
    here.destroy();
    expect(reports).toEqual([]);
    return status;
  };
  /** Those of a call: :method, :path, :scheme, :authority, content-type. */
  const OWN_HEADERS = 5;

  test("with more than 32 headers", async () => {
    const headers = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count - OWN_HEADERS }, (_, at) => [`x-${at}`, "y"]));
    expect(await withHeaders(headers(limits.headers))).toBe(0);
    expect(await withHeaders(headers(limits.headers + 1))).toBe(-1);
  });

  test("with more than 16 KiB of headers", async () => {
    expect(await withHeaders({ x: "y".repeat(limits.headerBytes - 500) })).toBe(0);
    expect(await withHeaders({ x: "y".repeat(limits.headerBytes) })).toBe(-1);
  });

  test.each([
    ["N", limits.flowBytes, 0],
    ["N + 1", limits.flowBytes + 1, 3],
  ])("that begins a flow with %s bytes: or not", async (_, bytes, expected) => {
    const [here, there] = connectedPair();
    const { connect } = NetworkService.method;
    const routes = new Routes();
    routes.onFlow(connect, (_request, stream) => {
      answerFlow(stream, connect, {});
      stream.end();
    });
    const done = serve(there, { routes, report: (error) => expect.fail(String(error)) });
    const session = http2.connect("http://agent", { createConnection: () => here });
    session.on("error", () => undefined);
    const call = post(session, "/elsewhere.v1.NetworkService/Connect", framed(bytes, messageOf(bytes)));
    expect(await statusOf(call)).toBe(expected);
    here.destroy();
    await done;
  });

  test("that would make it hold more than 64 MiB", async () => {
    const { here } = serving();
    const session = http2.connect("http://agent", { createConnection: () => here });
    session.on("error", () => undefined);
    const part = framed(limits.messageBytes, Buffer.alloc(limits.messageBytes - 1));
    const most = Math.floor(limits.heldBytes / part.length);
    const calls = Array.from({ length: most + 2 }, () => {
      const stream = post(session, "/elsewhere.v1.AgentService/Hello", undefined);
      stream.write(part); // and never the last byte
      return statusOf(stream);
    });
    expect(await Promise.race(calls)).toBe(8);
    here.destroy();
    const all = await Promise.all(calls);
    expect(all.filter((status) => status === 8).length).toBeLessThanOrEqual(2);
  });

  test("beyond 1024 at once, and 100,000 of them harm nobody", async () => {
    const { here, done } = serving();
    const before = process.memoryUsage().rss;
    const path = "/elsewhere.v1.FilesService/Stat";
    // HPACK (RFC 7541): :method POST, :scheme http, and :path in full.
    const headers = Buffer.concat([Buffer.from([0x83, 0x86, 0x04, path.length]), Buffer.from(path)]);
    here.write(Buffer.concat([PREFACE, SETTINGS]));
    for (let at = 0; at < 100_000 && !here.destroyed; at += 100) {
      here.write(Buffer.concat(Array.from({ length: 100 }, (_, each) => frame(1, 4, (at + each) * 2 + 1, headers))));
      await new Promise(setImmediate);
    }
    expect(here.destroyed).toBe(true);
    await done;
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });
});

describe("a client gets a typed error from an agent", () => {
  /** What the agent at the other end sends, whatever it is asked. */
  const against = (bytes: Uint8Array): { client: WireClient; there: Duplex } => {
    const [here, there] = connectedPair();
    there.on("error", () => undefined);
    there.resume();
    there.write(bytes);
    return { client: new WireClient(here), there };
  };

  test.each([
    ["that speaks no HTTP/2", Buffer.from("docker: no such container\r\n".repeat(20))],
    ["whose frames are too long", Buffer.concat([SETTINGS, Buffer.from([255, 255, 255, 0, 0, 0, 0, 0, 1])])],
    ["that answers what nobody asked", Buffer.concat([SETTINGS, frame(1, 5, 77, Buffer.from([0x88]))])],
    ["that says goodbye", Buffer.concat([SETTINGS, frame(7, 0, 0, Buffer.alloc(8))])],
  ])("%s", async (_, bytes) => {
    const { client } = against(bytes);
    await expect(client.call(hello, { versions: [1] })).rejects.toBeInstanceOf(ConnectionLost);
    await client.closed;
  });

  test.each([
    ["longer than allowed", framed(limits.messageBytes + 1, Buffer.alloc(10))],
    ["compressed", Buffer.concat([Buffer.from([1]), framed(0, Buffer.alloc(0)).subarray(1)])],
    ["cut short", framed(10, Buffer.alloc(5))],
    ["no message", framed(3, Buffer.alloc(3, 0xff))],
  ])("whose answer is %s", async (_, body) => {
    const [here, there] = connectedPair();
    const session = http2.performServerHandshake(there);
    session.on("stream", (stream) => {
      stream.on("error", () => undefined);
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(body);
    });
    using client = new WireClient(here);
    await expect(client.call(hello, { versions: [1] })).rejects.toMatchObject({ code: "protocol" });
  });

  test("that gives up a call, and others go on", async () => {
    const [here, there] = connectedPair();
    const routes = new Routes();
    routes.on(hello, () => {
      throw new Refusal(14, "not yet: 50 % of it");
    });
    void serve(there, { routes, report: () => undefined });
    using client = new WireClient(here);
    const error: unknown = await client.call(hello, {}).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ElsewhereError);
    expect(error).toMatchObject({ context: ["status 14: not yet: 50 % of it"] });
    await client.ping();
  });
});
