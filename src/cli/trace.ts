/** `elsewhere trace`: run a program and show its calls. */
import { abis } from "../linux/abi.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { CopyCache } from "../patch/cache.ts";
import { Kernel } from "../process/kernel.ts";
import { type Ending, launch } from "../process/launch.ts";
import { Supervisor } from "../process/supervisor.ts";
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
import { endAs, leaveSignalsTo } from "./ending.ts";
import { behindHooks, type HookOptions } from "./hooks.ts";
import { wantsColour } from "./report.ts";
import { withProgramBehindScript } from "./wrapper.ts";

/** As program.ts declares and checks them. */
export interface TraceCommandOptions extends HookOptions {
  readonly filter: readonly string[];
  readonly output?: string;
  readonly json?: boolean;
  readonly summary?: boolean;
  readonly timeline?: string;
  readonly stringLimit: number;
  readonly timestamps: "none" | "clock" | "relative";
  readonly follow: boolean;
}

const STDERR = 2;

/** The Go runtime's poller makes these for itself through the same sites as the program. */
const pollerCalls: readonly string[] = ["epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2"];

export async function trace(name: string, args: readonly string[], options: TraceCommandOptions): Promise<void> {
  endAs(await withProgramBehindScript(name, () => run(name, args, options)));
}

/** @returns how the program ended, when the trace is complete */
async function run(name: string, args: readonly string[], options: TraceCommandOptions): Promise<Ending> {
  const machine = requireHostMachine();
  const defaults = new Set(machine.calls.names.filter((call) => !pollerCalls.includes(call)));
  const wanted = parseFilter(options.filter, machine.calls, defaults);
  const cache = new CopyCache();
  const sink = makeSink(options);
  const decoder = new Decoder(abis[machine.name], { stringLimit: options.stringLimit });
  using supervisor = new Supervisor({ futexCall: machine.calls.number("futex") ?? 0 });
  const kernel = new Kernel(supervisor, { machine, cache, follow: options.follow, unhooked: unhookedTo(sink) });
  const behind = await behindHooks(options, supervisor, machine.calls, kernel);
  const tracer = new Tracer(supervisor, { machine, wanted, decoder, sink, behind });
  tracer.begin();
  const { pid, ended } = await launch(supervisor, {
    program: name,
    args,
    env: process.env,
    cwd: process.cwd(),
    stdio: "inherit",
    cache,
  });
  leaveSignalsTo(pid);
  const ending = await ended;
  supervisor.drain();
  supervisor[Symbol.dispose](); // whatever the program has left behind goes on without us
  sink.write({
    kind: "process-exit",
    pid,
    timeUs: Math.round((performance.timeOrigin + performance.now()) * 1000),
    ...ending,
  });
  sink.close();
  return ending;
}

function makeSink(options: TraceCommandOptions): TraceSink {
  const sinks: TraceSink[] = [];
  if (options.timeline !== undefined) sinks.push(new TimelineSink(openOutput(options.timeline)));
  if (
    options.summary === true ||
    options.json === true ||
    options.output !== undefined ||
    options.timeline === undefined
  )
    sinks.push(mainSink(options));
  return sinks.length === 1 && sinks[0] !== undefined ? sinks[0] : new TeeSink(sinks);
}

function mainSink(options: TraceCommandOptions): TraceSink {
  const toTerminal = options.output === undefined;
  const output: Output = options.output === undefined ? outputTo(STDERR, "standard error") : openOutput(options.output);
  if (options.summary === true) return new SummarySink(output, { json: options.json === true });
  if (options.json === true) return new JsonSink(output);
  return new TextSink(output, { colour: toTerminal && wantsColour(), timestamps: options.timestamps });
}
