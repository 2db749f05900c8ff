/** One package of a database driver on every change; `node test/clients/main.ts` has them all. */
import { expect, test } from "vitest";
import { releases } from "../matrix/releases.ts";
import { isGood } from "../std/judge.ts";
import { testToolchain } from "../std/packages.ts";
import { startDatabase } from "./database.ts";
import { clientPackages, judgeClient } from "./packages.ts";

test(
  "the tests of pgx's database/sql driver give the same verdicts, connected by an agent",
  { timeout: 300_000 },
  async () => {
    const found = clientPackages.find(({ folder }) => folder === "stdlib");
    if (found === undefined) throw new Error("there is no such package");
    const go = await testToolchain(releases.at(-1)?.version ?? "");
    await using database = await startDatabase();
    const result = await judgeClient(found, go, database);
    expect(result.skipped).toBeUndefined();
    expect(result.nativePasses).toBeGreaterThan(300);
    expect(result).toSatisfy(isGood);
  },
);
