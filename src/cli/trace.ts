/** `elsewhere trace`: run a program and show its calls. */
import { fstatSync } from "node:fs";
import { abis } from "../linux/abi.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { CopyCache } from "../patch/cache.ts";
import { Kernel } from "../process/kernel.ts";
import { dieWithParent, Guard } from "../process/guard.ts";
import { type Ending, launch, type LaunchOptions } from "../process/launch.ts";
import { Supervisor } from "../process/supervisor.ts";
import type { InTarget } from "../run/in-target.ts";
import { Decoder } from "../trace/decode/decoder.ts";
import { parseFilter } from "../trace/filter.ts";
import type { TraceSink } from "../trace/record.ts";
import { JsonSink } from "../trace/sinks/json.ts";
import { openOutput, type Output, outputTo } from "../trace/sinks/output.ts";
import { SummarySink } from "../trace/sinks/summary.ts";
import { TeeSink } from "../trace/sinks/tee.ts";
import { TextSink } from "../trace/sinks/text.ts";
import { TimelineSink } from "../trace/sinks/timeline.ts";
import { Tracer, unhookedTo } from "../trace/tracer.ts";
import { endAs, finish, leaveSignalsTo } from "./ending.ts";
import { behindHooks, type HookOptions } from "./hooks.ts";
import { mayHaveTarget, type TargetOptions, targetSettings } from "./target-options.ts";
import { wantsColour } from "./report.ts";
import { withProgramBehindScript } from "./wrapper.ts";

/** As program.ts declares and checks them. */
export interface TraceCommandOptions extends HookOptions, TargetOptions {
  readonly filter: readonly string[];
  readonly output?: string;
  readonly json?: boolean;
  readonly summary?: boolean;
  readonly timeline?: string;
  readonly stringLimit: number;
  readonly timestamps: "none" | "clock" | "relative";
  readonly follow: boolean;
  readonly inStep?: boolean;
}

const STDERR = 2;
/** Those of ours that the program inherits to write to. */
const programDescriptors: readonly number[] = [1, STDERR];

/** The Go runtime's poller makes these for itself through the same sites as the program. */
const pollerCalls: readonly string[] = ["epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2"];

export async function trace(name: string, args: readonly string[], options: TraceCommandOptions): Promise<void> {
  const settings = mayHaveTarget(options) ? await targetSettings(options) : undefined;
  const text = settings?.target.value;
  if (settings === undefined || text === undefined)
    endAs(await withProgramBehindScript(name, () => run(name, args, options)));
  const { prepareIn } = await import("./target-session.ts");
  const { target, run: there } = await withProgramBehindScript(name, () => prepareIn(text, name, settings));
  let ending: Ending;
  try {
    ending = await withProgramBehindScript(name, () => run(name, args, options, there));
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
  const failed = await finish(ending, [() => target[Symbol.asyncDispose]()]);
  endAs(failed === undefined ? ending : { exitCode: failed, signal: null });
}

/** @returns how the program ended, when the trace is complete; how elsewhere ends, when it could not be completed */
async function run(
  name: string,
  args: readonly string[],
  options: TraceCommandOptions,
  target?: InTarget,
): Promise<Ending> {
  const machine = requireHostMachine();
  const defaults = new Set(machine.calls.names.filter((call) => !pollerCalls.includes(call)));
  const wanted = parseFilter(options.filter, machine.calls, defaults);
  const cache = new CopyCache();
  const { sink, late } = makeSink(options);
  const decoder = new Decoder(abis[machine.name], { stringLimit: options.stringLimit });
  using supervisor = new Supervisor({ futexCall: machine.calls.number("futex") ?? 0 });
  const { follow, stringLimit } = options;
  const running: { tracer?: Tracer } = {};
  const unhooked = unhookedTo((record) => running.tracer?.write(record));
  const kernel = new Kernel(supervisor, { machine, cache, follow, unhooked });
  const there = target === undefined ? [] : [target.whereabouts.hooks(wanted), ...target.hooks];
  const behind = await behindHooks(options, supervisor, machine, kernel, there);
  // The kernel's own answers would be about another machine than the program believes to be on.
  using guard = target && new Guard(fstatSync(supervisor.mailbox.descriptor).ino);
  if (guard !== undefined)
    supervisor.prepare = (call, done) => dieWithParent(call, machine.calls.number("prctl") ?? 0, done);
  using tracer = new Tracer(supervisor, {
    machine,
    wanted,
    decoder,
    stringLimit,
    sink,
    behind,
    late,
    where: target && ((tid) => target.whereabouts.take(tid)),
  });
  running.tracer = tracer;
  tracer.begin();
  const { pid, ended } = await launch(supervisor, {
    args,
    ...(await started(name, target)),
    stdio: "inherit",
    cache,
  });
  leaveSignalsTo(pid);
  const ending = await ended;
  const failed = await finish(ending, [
    () => tracer[Symbol.dispose](),
    () => supervisor[Symbol.dispose](), // whatever the program has left behind goes on without us
    () => guard?.[Symbol.dispose](),
    () => behind.ended?.(),
    () => sink.write({ kind: "process-exit", pid, timeUs: nowUs(), ...ending }),
    () => sink.close(),
  ]);
  return failed === undefined ? ending : { exitCode: failed, signal: null };
}

/** What is launched, with which environment and where. */
async function started(
  name: string,
  target: InTarget | undefined,
): Promise<Pick<LaunchOptions, "program" | "argv0" | "seenAs" | "env" | "cwd">> {
  if (target === undefined) return { program: name, env: process.env, cwd: process.cwd() };
  const { file, ...seen } = await target.program();
  return { program: file, ...seen, env: target.environment, cwd: await target.startingDirectory() };
}

const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** Where the records go, and whether they may come later than what they tell. */
function makeSink(options: TraceCommandOptions): { sink: TraceSink; late: boolean } {
  const sinks: TraceSink[] = [];
  const outputs: Output[] = [];
  const opened = (path: string | undefined): Output => {
    const output = path === undefined ? outputTo(STDERR, "standard error") : openOutput(path);
    outputs.push(output);
    return output;
  };
  if (options.timeline !== undefined) sinks.push(new TimelineSink(opened(options.timeline)));
  if (
    options.summary === true ||
    options.json === true ||
    options.output !== undefined ||
    options.timeline === undefined
  )
    sinks.push(mainSink(options, opened(options.output)));
  const written = options.summary === true ? outputs.slice(0, -1) : outputs; // a summary comes at the end
  return {
    sink: sinks.length === 1 && sinks[0] !== undefined ? sinks[0] : new TeeSink(sinks),
    late: options.inStep !== true && !written.some((output) => programDescriptors.some((fd) => output.isSameAs(fd))),
  };
}

function mainSink(options: TraceCommandOptions, output: Output): TraceSink {
  if (options.summary === true) return new SummarySink(output, { json: options.json === true });
  if (options.json === true) return new JsonSink(output);
  const colour = options.output === undefined && wantsColour();
  return new TextSink(output, { colour, timestamps: options.timestamps });
}
