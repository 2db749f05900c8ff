/** The commands and their options. What a command does is in the file of its name. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { ConfigCommandOptions } from "./config.ts";
import type { ExecCommandOptions } from "./exec.ts";
import type { ForwardCommandOptions } from "./forward.ts";
import type { AgentCommandOptions } from "./agent.ts";
import type { LsCommandOptions } from "./ls.ts";
import type { TraceCommandOptions } from "./trace.ts";
import { addTargetOption, addTargetOptions } from "./target-options.ts";
import { packageVersion } from "../run/version.ts";

const exitCodeHelp = `
Exit codes: the program's own; 125 elsewhere failed or was used wrongly, 126 the program
cannot be run (hooked), 127 it was not found. When a signal ends the program, the same
signal ends elsewhere.`;

export function buildProgram(): Command {
  const program = new Command("elsewhere")
    .description("Hook the system calls of any Go program, as it is.")
    .version(packageVersion())
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("elsewhere --help tells more")
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      "after",
      `
Examples:
  $ elsewhere trace ./server                       every system call, as it happens
  $ elsewhere trace -e network -o net.log -- ./server --port 80
  $ elsewhere exec --hook no-space.ts ./server     what its calls do, in TypeScript
  $ elsewhere forward --target container:api 5432:db:5432
  $ elsewhere inspect ./server                     what would be hooked, and why not
  $ elsewhere doctor                               what this machine allows
${exitCodeHelp}`,
    );
  addTrace(program);
  addExec(program);
  addForward(program);
  addDemo(program);
  addInspect(program);
  addConfig(program);
  addDoctor(program);
  addLs(program);
  addAgent(program);
  addCompletions(program);
  return program;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const hookOption = (): Option =>
  new Option("--hook <file>", "ask the hooks in FILE (docs/hooks.md); the first one is the outermost")
    .argParser(collect)
    .default([], "none");
const watchOption = (): Option => new Option("--watch-hooks", "load hook files again when they change");

function addTrace(program: Command): void {
  const command = program
    .command("trace")
    .summary("show the system calls that a program makes")
    .description(
      "Run a program and show the system calls it makes, decoded. With a target it runs as if it were\nthere, and behind each call stands where it happened.",
    )
    .usage("[options] [--] PROGRAM [ARGS…]")
    .argument("<program>", "path, or a name to be found on PATH")
    .argument("[args...]", "its arguments")
    .passThroughOptions()
    .addOption(
      new Option("-e, --filter <list>", "calls and groups, with commas; ! takes away: network,file,!close")
        .argParser(collect)
        .default([], "all but the runtime's poller"),
    )
    .option("-o, --output <file>", "write the trace to FILE instead of standard error")
    .option("--json", "one JSON object per line (docs/trace.schema.json)")
    .option("--summary", "a table at the end: count, errors, total, p50, p99")
    .option("--timeline <file>", "write FILE for Perfetto (ui.perfetto.dev) or chrome://tracing")
    .addOption(
      new Option("-s, --string-limit <bytes>", "show at most this much of strings and buffers")
        .argParser(parseStringLimit)
        .default(32),
    )
    .addOption(
      new Option("--timestamps <kind>", "before each line").choices(["none", "clock", "relative"]).default("none"),
    )
    .option("--in-step", "write each call before the program goes on, as on its terminal (slower)")
    .addOption(hookOption())
    .addOption(watchOption())
    .option("--no-follow", "do not hook Go programs that the program starts");
  addTargetOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  $ elsewhere trace ./server
  $ elsewhere trace -e openat,network -- ./server --port 80
  $ elsewhere trace --summary -- go build ./...
  $ elsewhere trace --json -o calls.jsonl ./server
  $ elsewhere trace --timeline trace.json ./server
  $ elsewhere trace --target container:api -e network ./server
${exitCodeHelp}`,
    )
    .action(async (name: string, args: string[], options: TraceCommandOptions) => {
      const { trace } = await import("./trace.ts");
      await trace(name, args, options);
    });
}

function addExec(program: Command): void {
  const command = program
    .command("exec")
    .summary("run a program as if it were in a target, or under hooks")
    .description(
      "Run a program here as if it were in a target: its files, names and environment are the target's\n(docs/configuration.md says which). With --hook, let TypeScript decide what its system calls do.",
    )
    .usage("[options] [--] PROGRAM [ARGS…]")
    .argument("<program>", "path, or a name to be found on PATH; of a program in the target: remote:PATH")
    .argument("[args...]", "its arguments")
    .passThroughOptions();
  addTargetOptions(command)
    .option("--dry-run", "connect, say what would be where, and start nothing")
    .option("--report", "say at the end which files, connections and names were where, and by which rule")
    .option("--report-to <file>", "the same as JSON, each of them, in FILE")
    .addOption(hookOption())
    .addOption(watchOption())
    .option("--no-follow", "do not hook Go programs that the program starts")
    .addHelpText(
      "after",
      `
Examples:
  $ elsewhere exec --target container:api ./server
  $ elsewhere exec --target ssh:staging --files-read-write '/var/lib/app/**' -- ./server --port 80
  $ elsewhere exec --hook no-space.ts ./server
${exitCodeHelp}`,
    )
    .action(async (name: string, args: string[], options: ExecCommandOptions) => {
      const { exec } = await import("./exec.ts");
      await exec(name, args, options);
    });
}

function addForward(program: Command): void {
  const command = program
    .command("forward")
    .summary("let ports of this machine lead to the target's network")
    .description(
      "Listen here and go on from the target, for programs that are not hooked, until a signal ends it. What is\nforwarded is spelt as for ssh -L (docs/network.md); names are looked up in the target.",
    )
    .usage("[options] [[BIND:]PORT:HOST:HOSTPORT…]")
    .argument("[forwards...]", "[BIND:]PORT:HOST:HOSTPORT, or a path in place of either end; port 0: any");
  addTargetOption(command, "go on from")
    .addOption(new Option("--socks <address>", "a SOCKS 5 proxy on [BIND:]PORT").argParser(collect).default([], "none"))
    .addHelpText(
      "after",
      `
Examples:
  $ elsewhere forward --target container:api 5432:db:5432 8080:localhost:80
  $ elsewhere forward --target ssh:staging --socks 1080 &
  $ curl --proxy socks5h://localhost:1080 http://intranet/

Exit codes: 125 elsewhere failed or was used wrongly. A signal that ends it (Ctrl-C) is what its
parent sees.`,
    )
    .action(async (forwards: string[], options: ForwardCommandOptions) => {
      const { forward } = await import("./forward.ts");
      await forward(forwards, options);
    });
}

const LONGEST_STRING = 65536;

function parseStringLimit(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > LONGEST_STRING)
    throw new InvalidArgumentError(`It must be a number of bytes from 0 to ${LONGEST_STRING}.`);
  return Number(text);
}

function addDemo(program: Command): void {
  program
    .command("demo")
    .summary("see in ten seconds what this is for")
    .description(
      "Bundle a project with esbuild, a Go program, that runs here while the project exists in a sandbox only.\nNothing to set up, no root; everything is gone afterwards.",
    )
    .action(async () => {
      const { demo } = await import("./demo.ts");
      await demo();
    });
}

function addInspect(program: Command): void {
  program
    .command("inspect")
    .summary("show what would be hooked in a program, and why not")
    .description("Show a program's Go release, how it was linked, its system call sites and the patch plan.")
    .argument("<program>", "path, or a name to be found on PATH")
    .option("--json", "for machines")
    .addHelpText(
      "after",
      "\nExamples:\n  $ elsewhere inspect ./server\n  $ elsewhere inspect --json ./server | jq .sites",
    )
    .action(async (name: string, options: { json?: boolean }) => {
      const { inspect } = await import("./inspect.ts");
      await inspect(name, options);
    });
}

function addConfig(program: Command): void {
  const command = program
    .command("config")
    .summary("show what the configuration says, and who said it")
    .description(
      "Show what holds for a run with these flags, this directory and this environment, and who said it\n(docs/configuration.md); or where the files of some paths are, and by which rule.",
    )
    .argument("[paths...]", "tell only where these are")
    .option("--json", "for machines");
  addTargetOptions(command)
    .addHelpText(
      "after",
      "\nExamples:\n  $ elsewhere config\n  $ elsewhere config --files-local '/etc/app/*' /etc/app/a.yaml",
    )
    .action(async (paths: string[], options: ConfigCommandOptions) => {
      const { config } = await import("./config.ts");
      await config(paths, options);
    });
}

function addDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("check what this machine allows")
    .description("Check what elsewhere needs of this machine: what it means, and how to mend it.")
    .option("--json", "for machines")
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("./doctor.ts");
      await doctor(options);
    });
}

function addLs(program: Command): void {
  program
    .command("ls")
    .summary("list what could be a target on this machine")
    .description(
      "List what could be a target on this machine: containers that run, processes in places of their own,\nhosts that ssh knows (docs/targets.md).",
    )
    .option("--json", "for machines")
    .action(async (options: LsCommandOptions) => {
      const { ls } = await import("./ls.ts");
      await ls(options);
    });
}

function addAgent(program: Command): void {
  program
    .command("agent")
    .summary("answer for this machine, on standard input and output")
    .description(
      "Serve this machine's files, names and identity to an elsewhere at the other end of standard input and output\n(docs/protocol.md). Targets start it by themselves.",
    )
    .option("--root <directory>", "the directory that is / for the other end", "/")
    .addOption(
      new Option("--pid <number>", "whose environment, directory and user are told; 0: the agent's own")
        .argParser(parseNumber)
        .default(0),
    )
    .addOption(new Option("--descriptor <number>", "talk on this socket instead").argParser(parseNumber))
    .addOption(new Option("--sandbox", "standard input says what to make of this process's namespaces").hideHelp())
    .action(async (options: AgentCommandOptions) => {
      const { agent } = await import("./agent.ts");
      await agent(options);
    });
}

function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function addCompletions(program: Command): void {
  program
    .command("completions")
    .summary("print a completion script for your shell")
    .description("Print a completion script.")
    .addHelpText("after", '\nExample, for ~/.bashrc:\n  eval "$(elsewhere completions bash)"')
    .argument("<shell>", "bash, zsh or fish")
    .action(async (shell: string) => {
      const { completions } = await import("./completions.ts");
      completions(shell, program);
    });
}
