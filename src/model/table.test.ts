/**
 * A made-up kernel with threads whose calls begin, take effect and report in every order that is
 * possible: when all have reported, the table holds what the kernel's holds.
 */
import { array, assert as check, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import type { KernelTables } from "./kernel.ts";
import { OpenFile } from "./open-file.ts";
import { type Closing, DescriptorTable, now } from "./table.ts";

/** A call of one thread, from its beginning to its report. */
interface Flight {
  /** Number → file; changes the kernel's table. */
  effect(): void;
  report(): void;
}

class Simulation {
  readonly kernel = new Map<number, OpenFile>();
  readonly surprises = { found: 0, vanished: 0 };
  /** How often the kernel was asked. */
  questions = 0;
  readonly table: DescriptorTable;
  /** Numbers that reported calls have given, for threads that close politely. */
  readonly given: number[] = [];

  constructor() {
    const kernel: KernelTables = {
      list: () => [...this.kernel.keys()],
      read: (_, number) => {
        this.questions++;
        return this.kernel.has(number) ? { link: "/made/up", closeOnExec: false, flags: 0, identity: "" } : undefined;
      },
    };
    this.table = new DescriptorTable(1, this.surprises, kernel);
  }

  open(): Flight {
    const began = now();
    const file = new OpenFile({ kind: "path" });
    let number = -1;
    return {
      effect: () => {
        number = 0;
        while (this.kernel.has(number)) number++;
        this.kernel.set(number, file);
      },
      report: () => {
        this.table.opened(number, file, false, began);
        this.given.push(number);
      },
    };
  }

  close(first: number, last: number): Flight {
    const closing: Closing = this.table.beginClosing(first, last);
    let done = first !== last;
    return {
      effect: () => {
        for (let number = first; number <= last; number++) if (this.kernel.delete(number)) done = true;
      },
      report: () => this.table.endClosing(closing, done),
    };
  }

  /** @param source a number that is open */
  duplicate(source: number, target: number): Flight | undefined {
    const descriptor = this.table.peek(source);
    if (descriptor === undefined) return undefined;
    return {
      effect: () => this.kernel.set(target, descriptor.file),
      report: () => this.table.replaced(target, descriptor.file, false),
    };
  }

  /** What the kernel's table and ours hold. */
  get tables(): readonly (readonly (readonly [number, OpenFile])[])[] {
    const ours = [...this.table.all()].map(({ number, file }) => [number, file] as const);
    const byNumber = (one: readonly [number, OpenFile], two: readonly [number, OpenFile]): number => one[0] - two[0];
    return [[...this.kernel].sort(byNumber), ours.sort(byNumber)];
  }
}

/** Which thread moves next, and what it begins if it is between calls. */
const moves = array(
  record({ thread: integer({ min: 0, max: 3 }), what: integer({ min: 0, max: 9 }), pick: integer({ min: 0, max: 7 }) }),
  {
    minLength: 10,
    maxLength: 120,
  },
);

/** Each thread is in one call at a time, which takes three moves: it begins, has its effect, reports. */
function play(
  order: readonly { readonly thread: number; readonly what: number; readonly pick: number }[],
  begin: (what: number, pick: number) => Flight | undefined,
): void {
  const threads = new Map<number, { readonly flight: Flight; hasEffect: boolean }>();
  const move = (thread: number): boolean => {
    const current = threads.get(thread);
    if (current === undefined) return false;
    if (current.hasEffect) {
      current.flight.report();
      threads.delete(thread);
    } else {
      current.flight.effect();
      current.hasEffect = true;
    }
    return true;
  };
  for (const { thread, what, pick } of order) {
    if (move(thread)) continue;
    const flight = begin(what, pick);
    if (flight !== undefined) threads.set(thread, { flight, hasEffect: false });
  }
  for (const thread of [0, 1, 2, 3]) while (move(thread));
}

describe("when all calls have reported", () => {
  test("a program that closes what it was given has exactly the kernel's files, and nothing was asked", () => {
    check(
      property(moves, (order) => {
        const simulation = new Simulation();
        play(order, (what, pick) => {
          const { given } = simulation;
          if (what < 5 || given.length === 0) return simulation.open();
          const [number = 0] = given.splice(pick % given.length, 1);
          return simulation.close(number, number);
        });
        const [kernel, ours] = simulation.tables;
        expect(ours).toEqual(kernel);
        expect(simulation.surprises).toEqual({ found: 0, vanished: 0 });
        expect(simulation.questions).toBe(0);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("a program that closes whatever it likes has the kernel's numbers", () => {
    check(
      property(moves, (order) => {
        const simulation = new Simulation();
        play(order, (what, pick) => {
          if (what < 5) return simulation.open();
          return what < 8 ? simulation.close(pick, pick) : simulation.close(pick, pick + 3);
        });
        const [kernel = [], ours = []] = simulation.tables;
        expect(ours.map(([number]) => number)).toEqual(kernel.map(([number]) => number));
      }),
      { numRuns: 2000, seed: 2 },
    );
  });

  test("dup2 while others open: the same files", () => {
    check(
      property(moves, (order) => {
        const simulation = new Simulation();
        const source = simulation.open();
        source.effect();
        source.report();
        play(order, (what, pick) => (what < 6 ? simulation.open() : simulation.duplicate(0, pick + 1)));
        const [kernel, ours] = simulation.tables;
        expect(ours).toEqual(kernel);
        expect(simulation.questions).toBe(0);
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});
