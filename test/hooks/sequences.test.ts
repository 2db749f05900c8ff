/**
 * Random sequences of file calls under hooks that emulate and proceed (emulation.ts), and the same ones with no hook: results,
 * errors and what is there afterwards must be equal. `SEQUENCES_SEED=N` draws others, `SEQUENCES_COUNT=N` more.
 *
 * The program is put into a root of its own first, for a sequence may wander; that takes root, as a namespace of its own does.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sample } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineHooks, type HookSet, launch } from "../../src/index.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { answersOf, treeOf } from "../world/pair.ts";
import { sequences } from "../world/sequences.ts";
import { type Emulated, emulation } from "./emulation.ts";

const seed = Number(process.env["SEQUENCES_SEED"] ?? 20_261_124);
const count = Number(process.env["SEQUENCES_COUNT"] ?? 150);

const CLONE_NEWNS = 0x20000;
const MS_REC_PRIVATE = 0x44000;

const roots = mkdtempSync(join(tmpdir(), "elsewhere-emulated-"));
afterAll(() => rmSync(roots, { recursive: true }));
let player: string;
beforeAll(async () => {
  player = await goProgram(join(repository, "test/world/player"));
}, 300_000);

/** Before the program reads its first line, its thread moves to another root. */
function within(root: string): HookSet {
  let isThere = false;
  return defineHooks({
    async read(call) {
      if (call.fd !== 0 || isThere) return;
      isThere = true;
      const results = [
        await call.run("unshare", { unshare_flags: CLONE_NEWNS }),
        await call.run("mount", { dir_name: "/", flags: MS_REC_PRIVATE }),
        await call.run("mount", { dev_name: "proc", dir_name: join(root, "proc"), type: "proc" }),
        await call.run("chroot", { filename: root }),
        await call.run("chdir", { filename: "/" }),
      ];
      if (results.some((result) => result !== 0)) throw new Error(`no root of its own: ${results.join(" ")}`);
    },
  });
}

/** What each sequence led to. */
async function play(name: string, hooks: readonly HookSet[]): Promise<{ results: string[]; tree: string[] }[]> {
  const root = join(roots, name);
  mkdirSync(join(root, "srv"), { recursive: true });
  mkdirSync(join(root, "proc"));
  mkdirSync(join(root, dirname(player)), { recursive: true });
  copyFileSync(player, join(root, player)); // it starts itself again
  const drawn = sample(sequences, { seed, numRuns: count });
  const failures: unknown[] = [];
  await using program = await launch(player, {
    env: { PATH: "/bin" },
    cwd: "/",
    hooks: [within(root), ...hooks],
    onHookError: ({ error }) => failures.push(error),
  });
  const input = drawn.map((calls, index) => `${JSON.stringify({ folder: `/srv/${index}/w`, calls })}\n`).join("");
  const answers = await answersOf(
    program,
    input,
    program.exited.then(({ exitCode }) => exitCode),
  );
  expect(failures).toEqual([]);
  return drawn.map((_, index) => ({
    results: answers[index] ?? ["not played"],
    tree: treeOf(join(root, "srv", String(index))),
  }));
}

test(`${count} sequences, seed ${seed}`, { timeout: 240_000 }, async () => {
  const emulated: Emulated = { paths: 0, errors: 0, data: 0, descriptors: 0 };
  const native = await play("native", []);
  const under = await play("emulated", [emulation(emulated)]);
  const drawn = sample(sequences, { seed, numRuns: count });
  for (const [index, outcome] of under.entries()) {
    const told = (results: readonly string[] | undefined): string[] =>
      (results ?? []).map((result, at) => `${JSON.stringify(drawn[index]?.[at] ?? "end")} = ${result}`);
    expect(told(outcome.results)).toEqual(told(native[index]?.results));
    expect(outcome.tree).toEqual(native[index]?.tree);
  }
  for (const times of Object.values(emulated)) expect(times).toBeGreaterThan(0);
});
