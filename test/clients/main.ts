/**
 * The own tests of Go's network clients as the judge: a database driver and an HTTP client, as they are and with what they
 * connect connected by an agent.
 *
 *   node test/clients/main.ts [--go 1.27.4] [--packages pgconn,resty] [--markdown FILE]
 *
 * `--packages` takes those whose name contains one of these words; `--markdown` replaces the section of this release in FILE.
 * Exit code 0 when every difference is explained.
 */
import { parseArgs } from "node:util";
import { releases } from "../matrix/releases.ts";
import { isGood, type PackageResult } from "../std/judge.ts";
import { testToolchain } from "../std/packages.ts";
import { markdownSection, replaceSection } from "../std/table.ts";
import { startDatabase } from "./database.ts";
import { clientPackages, judgeClient } from "./packages.ts";

const { values } = parseArgs({
  options: {
    go: { type: "string", default: releases.at(-1)?.version ?? "" },
    packages: { type: "string", default: "" },
    markdown: { type: "string" },
  },
});
const words = values.packages.split(",");
const go = await testToolchain(values.go);
await using database = await startDatabase();
const results: PackageResult[] = [];
for (const each of clientPackages) {
  if (!words.some((word) => each.name.includes(word))) continue;
  const result = await judgeClient(each, go, database);
  results.push(result);
  console.error(
    `${each.name}: ${result.nativePasses} → ${result.hookedPasses} passes, ${result.differences.length} differences`,
  );
}
const title = `Go ${values.go}, clients, agent`;
const section = markdownSection(title, results, new Date());
const head =
  "# The own tests of Go's network clients\n\n" +
  "<!-- Written by `node test/clients/main.ts --markdown FILE`. -->\n\n" +
  "The test binaries of PostgreSQL's driver pgx and of the HTTP client resty (`go test -c`, `-test.short`, static) ran as\n" +
  "they are, and with their TCP connections and Unix streams connected by an agent on the same network. PostgreSQL listens on\n" +
  "the loopback interface and on a Unix socket.\n";
console.log(section);
if (values.markdown !== undefined) replaceSection(values.markdown, { head, title, section });
if (!results.every(isGood)) process.exitCode = 1;
