/** What is listed as a possible target. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Candidate, hosts } from "../../src/target/candidates.ts";
import { repository } from "../matrix/cache.ts";
import { teller } from "./told.ts";

test("hosts of ssh's configuration: no patterns, other files included, each once", () => {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-ssh-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "more"));
  const config = join(home, "config");
  writeFileSync(
    config,
    `Include ${home}/more/*\nHost db web.example\n  Port 22\nHost *.example !db\nhost="quoted"\nHost db\n`,
  );
  writeFileSync(join(home, "more/a"), "# Host comment\nHost jump\n");
  writeFileSync(join(home, "more/loop"), `Include ${config}\n`);
  const names = hosts(config).map(({ target }) => target);
  expect(names).toEqual(["ssh:jump", "ssh:db", "ssh:web.example", "ssh:quoted"]);
  expect(hosts(join(home, "none"))).toEqual([]);
});

test("elsewhere ls --json lists a process in namespaces of its own, once", async () => {
  const program = await teller();
  const flags = ["--user", "--map-root-user", "--uts", "--fork", "--kill-child"];
  const child = spawn("unshare", [...flags, program, "wait"], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const main = join(repository, "src/cli/main.ts");
  const listed = JSON.parse(
    execFileSync(process.execPath, [main, "ls", "--json"], { encoding: "utf8" }),
  ) as Candidate[];
  expect(listed.filter(({ about }) => about.includes(`${program} wait`))).toHaveLength(1);
  expect(execFileSync(process.execPath, [main, "ls"], { encoding: "utf8" })).toMatch(/^process:\d+/m);
});
