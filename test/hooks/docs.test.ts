/** What the pages about hooks and the library show is TypeScript that compiles and runs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elsewhere } from "../matrix/elsewhere.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { driverProgram } from "./driver.ts";

const pages = ["hooks", "sets", "virtual-files", "record-replay", "library"]
  .map((name) => readFileSync(join(repository, `docs/${name}.md`), "utf8"))
  .join("\n");
const examples = [...pages.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ""]) => text);
const files = examples.filter((text) => text.includes("export default"));

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await driverProgram();
  for (const [at, text] of examples.entries()) writeFileSync(join(folder, `example${at}.ts`), text);
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(repository, "tsconfig.json"),
      compilerOptions: {
        typeRoots: [join(repository, "node_modules/@types")],
        paths: { elsewhere: [join(repository, "src/index.ts")] },
        // What a user's own configuration need not ask for.
        isolatedDeclarations: false,
        declaration: false,
        noImplicitReturns: false,
        noUnusedLocals: false,
      },
      include: ["*.ts"],
    }),
  );
}, 300_000);

test("examples are of the right types", async () => {
  expect(examples.length).toBeGreaterThan(8);
  const tsc = join(repository, "node_modules/.bin/tsc");
  const outcome = await run([tsc, "-p", folder], { cwd: folder, timeoutMs: 60_000 });
  expect(outcome).toMatchObject({ exitCode: 0, stdout: "" });
}, 70_000);

test.each(files.keys().toArray())("example %i is a hook file", async (at) => {
  const file = join(folder, `file${at}.ts`);
  writeFileSync(file, files[at] ?? "");
  const command = elsewhere("exec", "--hook", file, "--", await driverProgram(), "cat", "/etc/hostname");
  const outcome = await run(command, { cwd: folder, timeoutMs: 20_000 });
  expect(outcome).toMatchObject({ exitCode: 0 });
  expect(outcome.stdout.toLowerCase()).toMatch(/^cat \/etc\/hostname: /);
  expect(outcome.stderr).not.toMatch(/elsewhere:/);
});
