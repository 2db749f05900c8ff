import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { answerFlow, beginFlow, flowCode, joinFlow, readMessage } from "./flow.ts";
import { framed } from "./frame.ts";
import { DatagramSchema, NetworkService } from "./generated/elsewhere/v1/network_pb.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bytes = framed(DatagramSchema, create(DatagramSchema, { data: Buffer.from("hello") })).head;

test("a message that comes in pieces keeps nobody else waiting, wherever it is cut", async () => {
  for (let at = 1; at < bytes.length; at++) {
    const stream = new PassThrough();
    const reading = readMessage(stream, DatagramSchema);
    stream.write(bytes.subarray(0, at));
    for (let turns = 0; turns < 3; turns++) await turn(); // never comes where somebody asks again and again
    stream.write(Buffer.concat([bytes.subarray(at), Buffer.from("behind")]));
    expect(Buffer.from((await reading).data).toString()).toBe("hello");
    expect(String(stream.read())).toBe("behind");
  }
});

test("a message that is never finished is an error when the stream ends", async () => {
  const stream = new PassThrough();
  const reading = readMessage(stream, DatagramSchema);
  stream.end(bytes.subarray(0, -1));
  await expect(reading).rejects.toThrow("the stream has ended");
});

describe("a flow that is joined long after the other end has had its say", () => {
  const method = NetworkService.method.connect;
  const joinLate = async (say: (stream: ServerHttp2Stream) => void): Promise<string[]> => {
    const server = http2.createServer().listen(0, "127.0.0.1");
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => undefined);
      answerFlow(stream, method, {});
      stream.resume();
      say(stream);
    });
    await once(server, "listening");
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { stream, answer } = beginFlow(session, method, {});
    await answer;
    await delay(50);
    const socket = new PassThrough({ allowHalfOpen: true });
    const heard: string[] = [];
    const told = new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => heard.push(String(chunk)));
      socket.once("finish", () => resolve(void heard.push("end")));
      joinFlow(socket, stream, () => resolve(void heard.push("lost")));
    });
    await told;
    session.destroy();
    server.close();
    return heard;
  };

  test("it has ended: that is an end", async () => {
    expect(await joinLate((stream) => stream.end())).toEqual(["end"]);
    expect(await joinLate((stream) => stream.end("last words"))).toEqual(["last words", "end"]);
  });

  test("it was reset: that is a loss", async () => {
    expect(await joinLate((stream) => stream.close(flowCode.reset))).toEqual(["lost"]);
  });
});
