/** Connections through a session: what programs and their peers in the target say on them, and what must be true of it. */
import type { NetConnectOpts, Socket } from "node:net";
import { join } from "../../src/forward/join.ts";
import type { Session } from "../../src/session/session.ts";
import { limits } from "../../src/wire/limits.ts";
import type { VirtualClock } from "./clock.ts";
import type { Process } from "./kernel.ts";
import type { Random } from "./random.ts";
import { type SimulatedSocket, socketPair } from "./sockets.ts";

const ECONNREFUSED = 111;
const ENETDOWN = 100;
const EINTR = 4;
/** How a side goes about ending what it says. */
const endings = ["end", "end", "end", "reset", "close"] as const;
/** What a side may have to say, and to wait for in between. */
const PIECES = 5;
const MOST_PAUSE_MS = 2000;
/** From a loss until both sides know: the agent may be the one that hears nothing. */
const LOSS_MS = limits.silenceMs + limits.pingEveryMs + limits.pingAnswerMs + 60_000;
const MOST_MS = 2 * PIECES * MOST_PAUSE_MS + LOSS_MS + limits.giveUpMs + limits.connectMs;

/** One end of a connection: what was said there, and what was heard. */
interface Side {
  readonly ending: (typeof endings)[number];
  readonly pieces: readonly Buffer[];
  readonly pausesMs: readonly number[];
  written: number;
  received: number;
  hasEnded: boolean;
  hasHeardEnd: boolean;
  isOver: boolean;
}

interface Conversation {
  readonly program: Side;
  readonly peer: Side;
  readonly isRefused: boolean;
  /** How often the session had lost its connection before it, and when both sides knew that it was over. */
  readonly lossesBefore: number;
  losses: number;
  /** Whether the program has got it. */
  isMade: boolean;
  /** How often the target has connected. */
  connects: number;
  /** The agent's process was killed: its kernel says end, whatever was meant. */
  wasKilled: boolean;
}

/** Which byte stands there: none that is lost, doubled or misplaced goes unnoticed. */
const byteAt = (id: number, at: number): number => (at * 31 + (at >> 8) * 7 + id * 13) & 255;

export class Flows {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #fail: (fact: string) => void;
  readonly #conversations: Conversation[] = [];
  /** How often the session has lost a connection. */
  losses = 0;

  constructor(clock: VirtualClock, random: Random, fail: (fact: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#fail = fail;
  }

  /** Whether all peers know that their connections are over. */
  get areOver(): boolean {
    return this.#conversations.every(({ connects, peer }) => connects === 0 || peer.isOver);
  }

  /** The target's network, as an agent's process has it: the port says which conversation is meant. */
  connect = (process: Process, options: NetConnectOpts): SimulatedSocket => {
    const id = "port" in options ? options.port : -1;
    const conversation = this.#conversations[id];
    if (conversation === undefined) throw new Error(`nobody wants port ${id}`);
    const [near, far] = socketPair(this.#clock, this.#random, 20);
    near.connecting = true;
    this.#clock.after(this.#random.below(100), () => {
      this.#clock.activity++;
      if (near.destroyed || process.isKilled) return;
      near.connecting = false;
      if (conversation.isRefused) {
        near.destroy(Object.assign(new Error("connect ECONNREFUSED"), { errno: -ECONNREFUSED }));
        return;
      }
      if (++conversation.connects > 1) this.#fail(`flow ${id} was connected ${conversation.connects} times`);
      process.sockets.add(near);
      process.whenKilled.push(() => {
        if (!near.destroyed) conversation.wasKilled = true;
      });
      near.once("close", () => process.sockets.delete(near));
      void this.#converse(id, far, conversation.peer, conversation.program);
      near.emit("connect");
    });
    return near;
  };

  /** A program's connection, from its connect(2) until both directions are over. */
  async play(session: Session, note: (event: string) => void): Promise<void> {
    const random = this.#random;
    const id = this.#conversations.length;
    const [program, peer] = [this.#side(id), this.#side(id)];
    const conversation = {
      program,
      peer,
      isRefused: random.oneIn(8),
      connects: 0,
      isMade: false,
      wasKilled: false,
      lossesBefore: this.losses,
      losses: this.losses,
    };
    this.#conversations.push(conversation);
    const controller = new AbortController();
    if (random.oneIn(8)) this.#clock.after(random.below(150), () => controller.abort());
    const began = this.#clock.now();
    const to = { kind: { case: "internet" as const, value: { ip: Uint8Array.of(192, 0, 2, 1), port: id } } };
    const outcome = await session.network.connect(to, { signal: controller.signal });
    if (typeof outcome === "number") {
      note(`flow ${id}: ${outcome}`);
      program.isOver = true;
      if (outcome === -EINTR) program.hasEnded = true; // as close(2) of what is connected by then
      const expected = [
        -ENETDOWN,
        ...(conversation.isRefused ? [-ECONNREFUSED] : []),
        ...(controller.signal.aborted ? [-EINTR] : []),
      ];
      if (!expected.includes(outcome)) this.#fail(`flow ${id}: connect gave ${outcome}`);
      return;
    }
    conversation.isMade = true;
    const [mine, own] = socketPair(this.#clock, random, 3);
    join(mine as unknown as Socket, outcome);
    await this.#converse(id, own, program, peer);
    note(`flow ${id}: ${program.written} there, ${program.received} back${program.hasHeardEnd ? ", ended" : ""}`);
    if (this.#clock.now() - began > MOST_MS) this.#fail(`flow ${id} took ${this.#clock.now() - began} ms`);
  }

  judge(): void {
    for (const [id, { program, peer, connects, wasKilled, isMade, ...more }] of this.#conversations.entries()) {
      const isCalm = program.ending === "end" && peer.ending === "end" && more.losses === more.lossesBefore;
      if (isMade && isCalm && !wasKilled && !(program.hasHeardEnd && peer.hasHeardEnd))
        this.#fail(
          `flow ${id}: nothing happened to it, and it was cut: ${program.received} of ${peer.written} and ${peer.received} of ${program.written}`,
        );
      if (connects > 0 && !peer.isOver) this.#fail(`flow ${id}: its peer has not heard that it is over`);
      for (const [who, side, other] of [
        ["program", program, peer],
        ["peer", peer, program],
      ] as const) {
        if (side.received > other.written)
          this.#fail(`flow ${id}: the ${who} has read ${side.received} of ${other.written} bytes`);
        if (!side.hasHeardEnd || (wasKilled && who === "peer")) continue;
        if (!other.hasEnded) this.#fail(`flow ${id}: the ${who} was told of an end that nobody meant`);
        else if (side.received !== other.written)
          this.#fail(`flow ${id}: the ${who} was told of the end after ${side.received} of ${other.written} bytes`);
      }
    }
  }

  #side(id: number): Side {
    const random = this.#random;
    const pieces: Buffer[] = [];
    for (let left = random.below(PIECES + 1), at = 0; left > 0; left--) {
      const length = 1 + random.below(random.oneIn(12) ? 40_000 : 600);
      const start = at;
      pieces.push(Buffer.from(Uint8Array.from({ length }, (_, each) => byteAt(id, start + each))));
      at += length;
    }
    const pausesMs = Array.from({ length: PIECES + 1 }, () => random.below(MOST_PAUSE_MS));
    const ending = endings[random.below(endings.length)] ?? "end";
    return { ending, pieces, pausesMs, written: 0, received: 0, hasEnded: false, hasHeardEnd: false, isOver: false };
  }

  /** Says what a side has to say, hears what it hears. @returns when both are over */
  async #converse(id: number, socket: SimulatedSocket, side: Side, other: Side): Promise<void> {
    socket.on("data", (chunk: Buffer) => {
      for (const [at, byte] of chunk.entries())
        if (byte !== byteAt(id, side.received + at)) {
          this.#fail(`flow ${id}: byte ${side.received + at} of ${other.written} is another one`);
          break;
        }
      side.received += chunk.length;
    });
    socket.on("end", () => (side.hasHeardEnd = true));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#clock.activity++;
      side.isOver = true;
      const conversation = this.#conversations[id];
      if (conversation !== undefined) conversation.losses = this.losses;
    });
    const closed = new Promise<void>((resolve) => socket.once("close", resolve));
    for (const [at, piece] of side.pieces.entries()) {
      await this.#pause(side.pausesMs[at] ?? 0);
      if (socket.destroyed) break;
      side.written += piece.length;
      socket.write(piece);
    }
    await this.#pause(side.pausesMs.at(-1) ?? 0);
    if (!socket.destroyed) {
      if (side.ending === "reset") socket.resetAndDestroy();
      else {
        side.hasEnded = true;
        if (side.ending === "close") socket.destroySoon();
        else socket.end();
      }
    }
    await closed;
  }

  readonly #pause = (ms: number): Promise<void> => new Promise((resolve) => this.#clock.after(ms, resolve));
}
