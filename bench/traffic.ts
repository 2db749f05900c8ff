/** Connections by way of an agent, behind a line that delays everything, beside other ways of getting there. */
import { outgoingRule } from "../src/config/outgoing.ts";
import { figure, type Section, type Target } from "./report.ts";
import { interleave, median, medianOf, type Variant } from "./statistics.ts";
import type { Tools } from "./tools.ts";
import { direct, elsewhere, type OpenWay, socat, sshD, sshL, startServer } from "./ways.ts";

const DELAYS_MS = [0, 5, 20];
const BULK = 256e6;

const ours = "**elsewhere**";
const ways: Readonly<Record<string, OpenWay>> = {
  direct,
  [ours]: elsewhere(),
  "`ssh -L`": sshL,
  "`ssh -D`": sshD,
  socat,
};
const local = "elsewhere, policy `local`";

/** What the client says. Nanoseconds. */
interface Timed {
  readonly elapsed: number;
  readonly p50: number;
  readonly p99: number;
}

/** Of one way in one round. */
interface Measured {
  /** Connections made and closed in a second, one after another and 64 at once; these and those asked one thing in between. */
  readonly made: number;
  readonly madeAtOnce: number;
  readonly used: number;
  readonly usedAtOnce: number;
  /** MB/s */
  readonly up: number;
  readonly down: number;
  readonly flows: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

export async function benchTraffic({ traffic }: Tools, rounds: number): Promise<Section> {
  await using server = await startServer(traffic);
  const measured = await interleave<Measured>(
    rounds,
    DELAYS_MS.flatMap((delayMs) => Object.keys(ways).map((name) => variant(name, delayMs, traffic, server.port))),
  );
  const here = await interleave<Timed>(rounds * 2, [
    ...localVariants("direct", direct, traffic, server.port),
    ...localVariants(local, elsewhere(outgoingRule({ pattern: "*", mode: "local" })), traffic, server.port),
  ]);
  const of = (name: string, delayMs: number, number: keyof Measured): number =>
    medianOf(measured.get(`${name}, ${delayMs} ms`), (each) => each[number]);
  for (const [name, outcome] of [...measured, ...here])
    if (typeof outcome === "string") console.error(`bench: ${name}: ${outcome}`);
  return {
    title: "Connections that begin in the target",
    about:
      "Client and server are Go programs on this machine; between elsewhere or ssh and its other end is a process that delays " +
      "what passes, and in front of the server for those who have no such end. Connections per second that are made and closed " +
      "(where the other end answers later this says nothing), and that are asked one thing in between, one after another and 64 at once; " +
      `${BULK / 1e6} MB on one connection each way and on 100 from the server; 64 bytes and their answer. Medians of ${rounds} rounds.`,
    columns: ["", "made/s", "64", "used/s", "64", "MB/s up", "down", "100 flows", "request p50, µs", "p99"],
    rows: [
      ...DELAYS_MS.flatMap((delayMs) =>
        Object.keys(ways).map((name) => [`${name}, ${delayMs} ms`, ...cells((number) => of(name, delayMs, number))]),
      ),
      ...["direct", local].map((name) => [
        `${name}, as for the target below`,
        "",
        "",
        "",
        "",
        ...hereCells(here, name),
      ]),
    ],
    targets: targets(of, here),
  };
}

function cells(of: (number: keyof Measured) => number): string[] {
  const numbers = ["made", "madeAtOnce", "used", "usedAtOnce", "up", "down", "flows", "p50", "p99"] as const;
  return numbers.map((number) => figure(of(number)));
}

type Here = ReadonlyMap<string, Timed[] | string>;

const hereRate = (here: Here, name: string, work: string): number =>
  medianOf(here.get(`${name}, ${work}`) as Timed[], ({ elapsed }) => BULK / 1e6 / (elapsed / 1e9));

const hereCells = (here: Here, name: string): string[] => [
  figure(hereRate(here, name, "up")),
  figure(hereRate(here, name, "down")),
  "",
  figure(medianOf(here.get(`${name}, ask`) as Timed[], ({ p50 }) => p50 / 1000)),
  figure(medianOf(here.get(`${name}, ask`) as Timed[], ({ p99 }) => p99 / 1000)),
];

function targets(of: (name: string, delayMs: number, number: keyof Measured) => number, here: Here): Target[] {
  const least = true;
  const bulk = (["up", "down", "flows"] as const).flatMap((number): Target[] => [
    ...DELAYS_MS.map((delayMs) => ({
      what: `bulk, ${number}, ${delayMs} ms, against \`ssh -L\``,
      wanted: 1,
      least,
      measured: of(ours, delayMs, number) / of("`ssh -L`", delayMs, number),
      unit: "×",
    })),
    {
      what: `bulk, ${number}, against socat`,
      wanted: 0.5,
      least,
      measured: of(ours, 0, number) / of("socat", 0, number),
      unit: "×",
    },
  ]);
  return [
    { what: "connections made", wanted: 1000, least, measured: of(ours, 0, "made"), unit: "/s" },
    { what: "connections made, 64 at once", wanted: 1000, least, measured: of(ours, 0, "madeAtOnce"), unit: "/s" },
    ...bulk,
    {
      what: "added to a request, p50",
      wanted: 150,
      measured: of(ours, 0, "p50") - of("direct", 0, "p50"),
      unit: "µs",
    },
    ...(["ask", "up", "down"] as const).map((work) => ({
      what: `local connection, ${work}, against native`,
      wanted: 1.02,
      measured: paired(here, work),
      unit: "×",
    })),
  ];
}

/** Round by round, for rounds are far from alike. */
function paired(here: Here, work: string): number {
  const [mine = [], theirs = []] = [local, "direct"].map((name) => here.get(`${name}, ${work}`) as Timed[]);
  return median(mine.map(({ elapsed }, round) => elapsed / (theirs[round]?.elapsed ?? Number.NaN)));
}

function localVariants(name: string, open: OpenWay, traffic: string, port: number): Variant<Timed>[] {
  const works = { ask: ["-warm", "1000", "ask", "20000"], up: ["up", String(BULK)], down: ["down", String(BULK)] };
  return Object.entries(works).map(([work, args]) => ({
    name: `${name}, ${work}`,
    async measure() {
      await using way = await open(port, 0);
      return JSON.parse(await way.client(traffic, args)) as Timed;
    },
  }));
}

function variant(name: string, delayMs: number, traffic: string, port: number): Variant<Measured> {
  const open = ways[name] ?? direct;
  // What one takes is known: a round trip or two.
  const [some, atOnce, requests] = delayMs === 0 ? [1000, 2000, 5000] : [1000 / delayMs, 640, 2000 / delayMs];
  return {
    name: `${name}, ${delayMs} ms`,
    async measure() {
      await using way = await open(port, delayMs);
      const does = async (...args: readonly (string | number)[]): Promise<Timed> =>
        JSON.parse(await way.client(traffic, args.map(String))) as Timed;
      const rate = async (...args: readonly (string | number)[]): Promise<number> =>
        Number(args.at(-1)) / ((await does(...args)).elapsed / 1e9);
      const asked = await does("-warm", requests / 10, "ask", requests);
      return {
        made: await rate("-warm", some / 10, "dial", some),
        madeAtOnce: await rate("-many", 64, "dial", atOnce),
        used: await rate("-warm", some / 10, "once", some),
        usedAtOnce: await rate("-many", 64, "once", atOnce),
        up: (await rate("up", BULK)) / 1e6,
        down: (await rate("down", BULK)) / 1e6,
        flows: (await rate("-many", 100, "down", BULK)) / 1e6,
        p50: asked.p50 / 1000,
        p99: asked.p99 / 1000,
      };
    },
  };
}
