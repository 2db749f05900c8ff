/** The program `courier` at work in a place, as `elsewhere exec` has it there. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "../../target/told.ts";
import { Place } from "./place.ts";
import { commandOf, heldBy, type Held, startedWith } from "./processes.ts";
import type { Disturbance } from "./supervisor.ts";

/** What courier prints of itself, load.go. */
export interface Report {
  readonly seed: number;
  readonly kinds: Readonly<Record<string, { readonly Done: number; readonly LongestMs: number }>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly wrong: readonly string[] | null;
  readonly waiting: Readonly<Record<string, number>>;
  readonly kept: readonly string[] | null;
  readonly isLast: boolean;
}

/** What all processes of a run hold, by what they are. */
export type Holding = Readonly<Record<"supervisor" | "agent" | "program", Held | undefined>>;

export interface RunOptions {
  /** "process:PID" or "embedded:DIRECTORY". @default the place's process */
  readonly target?: string;
  /** Arguments of courier. @default load, with one child */
  readonly args?: readonly string[];
  readonly seed?: number;
}

export class Run {
  readonly place: Place;
  readonly supervisor: ChildProcess;
  /** Settles when all is closed: with the exit code. */
  readonly ended: Promise<number | null>;
  readonly said: string[] = [];
  readonly #reports = new Map<number, Report>();

  constructor(place: Place, courier: string, { target, args, seed = 1 }: RunOptions = {}) {
    this.place = place;
    const script = join(import.meta.dirname, "supervisor.ts");
    const load = args ?? ["load", place.folder, String(place.port), "1", String(seed)];
    const command = ["--expose-gc", script, target ?? `process:${place.pid}`, place.folder, courier, ...load];
    this.supervisor = spawn(process.execPath, command, {
      stdio: ["pipe", "pipe", "pipe", "ipc"],
      env: { ...process.env, TMPDIR: place.temporary },
    });
    this.ended = new Promise((resolve) => this.supervisor.once("close", resolve));
    this.supervisor.stdin?.on("error", () => undefined);
    for (const stream of [this.supervisor.stdout, this.supervisor.stderr])
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#hear(line));
  }

  #hear(line: string): void {
    if (!line.startsWith("{")) {
      this.said.push(line);
      return;
    }
    const report = JSON.parse(line) as Report;
    this.#reports.set(report.seed, report);
  }

  get reports(): readonly Report[] {
    return [...this.#reports.values()];
  }

  /** All processes that belong to it. */
  get processes(): number[] {
    return startedWith(`TMPDIR=${this.place.temporary}`);
  }

  get agents(): number[] {
    return this.processes.filter((pid) => / agent (?:--root|--sandbox)/.test(commandOf(pid)) && isNode(pid));
  }

  get programs(): number[] {
    return this.processes.filter((pid) => /courier (?:load|halfopen|unread) /.test(commandOf(pid)) && !isNode(pid));
  }

  get holding(): Holding {
    const of = (pid: number | undefined): Held | undefined => (pid === undefined ? undefined : heldBy(pid));
    return { supervisor: of(this.supervisor.pid), agent: of(this.agents[0]), program: of(this.programs[0]) };
  }

  /** How often the connection was lost, and how often there was one again. */
  get losses(): { readonly lost: number; readonly resumed: number } {
    return { lost: this.#said("does not answer"), resumed: this.#said("connected again") };
  }

  /** Waits until the connection has been lost once more and is there again. @throws Error after `withinMs` */
  async comesBack(before: number, withinMs: number): Promise<void> {
    await eventually(() => this.losses.lost > before && this.losses.resumed >= this.losses.lost, withinMs).catch(() => {
      throw new Error(`no connection for ${withinMs} ms: ${this.said.join("; ")}`);
    });
  }

  #said(text: string): number {
    return this.said.filter((line) => line.includes(text)).length;
  }

  disturb(disturbance: Disturbance): void {
    this.supervisor.send(disturbance);
  }

  /** Waits until every kind of work in every process has gone on. @returns milliseconds @throws Error after `withinMs` */
  async goesOn(withinMs: number, kinds?: readonly string[]): Promise<number> {
    const began = performance.now();
    const before = new Map(this.reports.map((report) => [report.seed, report]));
    const hasGoneOn = (): boolean =>
      this.#reports.size > 0 &&
      this.reports.every(({ seed, kinds: now }) =>
        Object.entries(now).every(
          ([name, { Done }]) =>
            (kinds !== undefined && !kinds.includes(name)) || Done >= (before.get(seed)?.kinds[name]?.Done ?? 0) + 2,
        ),
      );
    await eventually(hasGoneOn, withinMs).catch(() => {
      throw new Error(`no work for ${withinMs} ms: ${JSON.stringify(this.reports)} ${this.said.join("; ")}`);
    });
    return performance.now() - began;
  }

  /** The program is told to end. @returns the last report of each process */
  async end(): Promise<readonly Report[]> {
    this.supervisor.stdin?.end();
    await this.ended;
    return this.reports;
  }
}

const isNode = (pid: number): boolean => commandOf(pid).startsWith(process.execPath);
