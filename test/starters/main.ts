/**
 * delve and air under hooks and in a target: what they debug and build is what it would be, and hooked where a Go program starts it.
 *
 *   node test/starters/main.ts [--count 1]
 *
 * The first run builds both. Exit code 0 when all is as it should be.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { launch } from "../../src/index.ts";
import { mustRun } from "../programs/packages.ts";
import { inTarget, started, underHooks } from "./starting.ts";
import { installed } from "./tools.ts";

const { values } = parseArgs({ options: { count: { type: "string", default: "1" } } });

const dlv = await installed("github.com/go-delve/delve/cmd/dlv@v1.27.2");
const air = await installed("github.com/air-verse/air@v1.62.0");

/** Stops where `greeting` has read its file, looks around and goes on. */
const script = `break main.greeting
continue
next
next
print string(text)
stack 1
continue
exit
`;
const debugging = ["--allow-non-terminal-interactive=true", "--check-go-version=false"];

const checks: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  "dlv exec": () =>
    withSources(async (folder) => {
      const program = join(folder, "started-to-debug");
      await mustRun(["go", "build", "-gcflags=all=-N -l", "-o", program, "."], join(folder, "srv/started"));
      const commands = join(folder, "commands");
      writeFileSync(commands, script);
      const { stdout } = await underHooks(folder, [dlv, "exec", ...debugging, "--init", commands, program]);
      return lacking(stdout, "hello from a hook");
    }),
  "dlv debug": () =>
    withSources(async (folder) => {
      const commands = join(folder, "commands");
      writeFileSync(commands, script);
      const { stdout } = await underHooks(folder, [dlv, "debug", ...debugging, "--init", commands, "."]);
      return lacking(stdout, "hello from a hook");
    }),
  "dlv debug in a target": () =>
    withSources(async (folder) => {
      writeFileSync(join(folder, "srv/commands"), script);
      const { stdout } = await inTarget(folder, [dlv, "debug", ...debugging, "--init", "/srv/commands", "."]);
      return lacking(stdout, "hello from there");
    }),
  "air builds anew what has changed; a shell starts it, and that is told": () => withSources(watched),
};

async function withSources(check: (folder: string) => Promise<readonly string[]>): Promise<readonly string[]> {
  const folder = started();
  try {
    return await check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a debugger should have said, and has not. */
function lacking(stdout: string, greeting: string): readonly string[] {
  const said = stripVTControlCharacters(stdout);
  const wanted = [/\[Breakpoint 1\] main\.greeting\(\)/, new RegExp(`^"${greeting}"$`, "m"), / in main\.main$/m];
  const missing = [...wanted, new RegExp(`^started: ${greeting} on .* entry true$`, "m")].filter(
    (each) => !each.test(said),
  );
  return missing.length === 0 ? [] : [...missing.map((each) => `lacks ${String(each)}`), said];
}

async function watched(folder: string): Promise<readonly string[]> {
  const sources = join(folder, "srv/started");
  const build = 'cmd = "go build -o ./tmp/main ."\nbin = "./tmp/main"\ndelay = 100\n';
  writeFileSync(join(sources, ".air.toml"), `root = "."\ntmp_dir = "tmp"\n[build]\n${build}`);
  const unhooked: string[] = [];
  await using program = await launch(air, {
    cwd: sources,
    stdio: ["ignore", "pipe", "pipe"],
    onUnhooked: ({ program: path }) => unhooked.push(path),
  });
  const main = join(sources, "main.go");
  let said = "";
  const waiting = setTimeout(() => void program[Symbol.asyncDispose](), 120_000);
  // What air starts it reads with a race of its own: its output may be missing, natively as well.
  const runs = (): number => said.split("running...").length - 1;
  for await (const chunk of program.stdout ?? []) {
    said += String(chunk);
    if (runs() > 1) break;
    if (runs() === 1 && said.includes("Process Exit")) writeFileSync(main, `${readFileSync(main, "utf8")}\n`);
  }
  clearTimeout(waiting);
  const wrong = runs() === 2 ? [] : [`ran it ${runs()} times: ${said}`];
  if (!unhooked.some((path) => path.endsWith("sh"))) wrong.push(`told of ${unhooked.join(" ") || "nothing"}`);
  return wrong;
}

for (let times = 0; times < Number(values.count); times++)
  for (const [name, check] of Object.entries(checks)) {
    const wrong = await check();
    console.log(`${name}: ${wrong.length === 0 ? "as it should be" : "WRONG"}`);
    for (const line of wrong) console.log(`  ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
