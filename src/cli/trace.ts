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
import { endAs, finish, leaveSignalsTo } from "./ending.ts";
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
  readonly inStep?: boolean;
}

const STDERR = 2;
/** Those of ours that the program inherits to write to. */
const programDescriptors: readonly number[] = [1, STDERR];

/** The Go runtime's poller makes these for itself through the same sites as the program. */
const pollerCalls: readonly string[] = ["epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2"];

export async function trace(name: string, args: readonly string[], options: TraceCommandOptions): Promise<void> {
  endAs(await withProgramBehindScript(name, () => run(name, args, options)));
}

/** @returns how the program ended, when the trace is complete; how elsewhere ends, when it could not be completed */
async function run(name: string, args: readonly string[], options: TraceCommandOptions): Promise<Ending> {
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
  const behind = await behindHooks(options, supervisor, machine, kernel);
  using tracer = new Tracer(supervisor, { machine, wanted, decoder, stringLimit, sink, behind, late });
  running.tracer = tracer;
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
  const failed = await finish(ending, [
    () => tracer[Symbol.dispose](),
    () => supervisor[Symbol.dispose](), // whatever the program has left behind goes on without us
    () => behind.ended?.(),
    () => sink.write({ kind: "process-exit", pid, timeUs: nowUs(), ...ending }),
    () => sink.close(),
  ]);
  return failed === undefined ? ending : { exitCode: failed, signal: null };
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
