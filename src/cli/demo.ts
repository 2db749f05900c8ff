/**
 * `elsewhere demo`: in ten seconds, what this is for. esbuild, a Go program that nobody here wrote, bundles a project
 * that exists in a sandbox only, without knowing that it is not there.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import pc from "picocolors";
import { ElsewhereError } from "../errors.ts";
import { cacheDirectory } from "../patch/location.ts";
import { ConnectedTarget } from "../run/connected-target.ts";
import { Agents } from "../target/agents.ts";
import { type Embedded, startEmbedded } from "../target/embedded.ts";
import { Progress } from "./progress.ts";
import { wantsColour } from "./report.ts";
import { noTargetOptions, targetSettings } from "./target-options.ts";
import { tellAfter } from "./target-report.ts";

const project = "/srv/shop";
const entry = `${project}/src/main.ts`;
const bundle = `${project}/dist/shop.js`;

const files: Readonly<Record<string, string>> = {
  [entry]: `import { prices } from "./prices";
import settings from "../config.json";

const total = prices.reduce((sum, { cents }) => sum + cents, 0);
console.log(\`\${settings.shop}: \${(total / 100).toFixed(2)} \${settings.currency}\`);
`,
  [`${project}/src/prices.ts`]: `export const prices = [
  { what: "coffee", cents: 320 },
  { what: "cake", cents: 450 },
];
`,
  [`${project}/config.json`]: `{ "shop": "The shop on another machine", "currency": "EUR" }\n`,
};

const STDOUT = 1;

export async function demo(): Promise<void> {
  const { bold, dim, green, red } = pc.createColors(wantsColour(process.env, STDOUT));
  const esbuild = await findEsbuild();
  const sandbox = await sandboxWithProject();
  const settings = await targetSettings({
    ...noTargetOptions,
    config: false,
    filesReadWrite: ["/srv/**"],
    workdir: project,
  });
  const agents = new Agents(() => Promise.resolve(sandbox));
  await using target = await ConnectedTarget.open(agents, settings);
  const { hostname } = target;
  const args = [entry, "--bundle", `--outfile=${bundle}`, "--log-level=warning"];
  const command = `esbuild ${args.slice(0, 3).join(" ")}`;

  console.log(
    `This machine has no ${bold(project)}. Another one, ${bold(hostname)}, has: a sandbox that was started just now.`,
  );
  console.log(`esbuild is a Go program, static and stripped. It runs here, and finds nothing:\n`);
  console.log(bold(`$ ${command}`));
  const alone = spawn(esbuild, args, { stdio: ["ignore", "inherit", "inherit"] });
  const failed = await new Promise<number | null>((resolve) => alone.once("close", resolve));
  console.log(failed === 0 ? "" : red(`exit code ${failed}`));

  console.log(`\nThe same program here, as if it were there. No root, no other build of it, nothing copied:\n`);
  console.log(bold(`$ elsewhere exec --target … -- ${command}`));
  const run = await target.prepare(esbuild);
  await using program = await run.launch({ args, stdio: "inherit" });
  const { exitCode, signal } = await program.exited;
  if (exitCode !== 0)
    throw new ElsewhereError({ code: "launch-failed", message: `esbuild ended with ${signal ?? exitCode}` });
  console.log(green("exit code 0"));

  const made = await target.session.files.open({ path: bundle }, { flags: 0, contentLimit: 65_536 });
  const content = typeof made === "number" ? undefined : made.content;
  if (content === undefined) throw new ElsewhereError({ code: "launch-failed", message: `${bundle} was not made` });
  const lines = Buffer.from(content).toString().trimEnd().split("\n");
  console.log(`\nWhat it has written is on ${bold(hostname)} only: ${bundle}, ${content.length} bytes`);
  console.log(dim(lines.slice(-3).join("\n")));
  tellAfter(run);
  console.log(`\nNext: ${bold("elsewhere exec --target container:NAME ./your-server")}, or process:PID, ssh:HOST.`);
}

async function sandboxWithProject(): Promise<Embedded> {
  using progress = new Progress();
  return await startEmbedded(
    { hostname: "far-away", workdir: project, files },
    { progress: (doing) => progress.say(doing) },
  );
}

/** The release that is fetched where none is installed. */
const ESBUILD = "0.28.2";

/** The path of esbuild's program: of the package beside this one, or else from npm, kept in the cache. */
async function findEsbuild(): Promise<string> {
  const folder = join(cacheDirectory(), "demo");
  const found = installed(import.meta.filename) ?? installed(join(folder, "demo.js"));
  if (found !== undefined) return found;
  using progress = new Progress();
  progress.say("fetching esbuild from npm");
  mkdirSync(folder, { recursive: true });
  try {
    await promisify(execFile)("npm", ["install", "--prefix", folder, "--no-save", `esbuild@${ESBUILD}`]);
  } catch (cause) {
    throw new ElsewhereError({
      code: "launch-failed",
      message: "the demo needs esbuild, and npm cannot fetch it",
      context: String(cause).split("\n").slice(0, 4),
      hint: "npm install esbuild, in this directory or a higher one",
      cause,
    });
  }
  const fetched = installed(join(folder, "demo.js"));
  if (fetched === undefined)
    throw new ElsewhereError({ code: "launch-failed", message: `esbuild is not in ${folder}` });
  return fetched;
}

/** As a module at `path` would find it. */
function installed(path: string): string | undefined {
  try {
    const name = `@esbuild/${process.platform}-${process.arch}/bin/esbuild`;
    const program = createRequire(path).resolve(name);
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}
