/** `elsewhere trace`: run a program and show its calls. */
import { z } from "zod";
import { ElsewhereError } from "../errors.ts";
import { hostMachine } from "../machine/machines.ts";
import type { Machine } from "../machine/machine.ts";
import { CopyCache } from "../patch/cache.ts";
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
import { Tracer } from "../trace/tracer.ts";
import { endAs, leaveSignalsTo } from "./ending.ts";
import { wantsColour } from "./report.ts";

const optionsSchema = z.object({
  filter: z.array(z.string()),
  output: z.string().optional(),
  json: z.boolean().default(false),
  summary: z.boolean().default(false),
  timeline: z.string().optional(),
  stringLimit: z.coerce.number().int().min(0).max(65536),
  timestamps: z.enum(["none", "clock", "relative"]),
  follow: z.boolean(),
});
type Options = z.infer<typeof optionsSchema>;

const STDERR = 2;

/** The Go runtime's poller makes these for itself through the same sites as the program. */
const pollerCalls: readonly string[] = ["epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2"];

export async function trace(name: string, args: readonly string[], given: Record<string, unknown>): Promise<void> {
  const parsed = optionsSchema.safeParse(given);
  if (!parsed.success)
    throw new ElsewhereError({
      code: "usage",
      message: "a wrong option",
      context: parsed.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`),
      hint: "elsewhere trace --help",
    });
  endAs(await run(name, args, parsed.data));
}

/** @returns how the program ended, when the trace is complete */
async function run(name: string, args: readonly string[], options: Options): Promise<Ending> {
  const machine = requireMachine();
  const defaults = new Set(machine.calls.names.filter((call) => !pollerCalls.includes(call)));
  const wanted = parseFilter(options.filter, machine.calls, defaults);
  const cache = new CopyCache();
  const sink = makeSink(options);
  const decoder = new Decoder(machine.calls, machine.name, { stringLimit: options.stringLimit });
  using supervisor = new Supervisor({ futexCall: machine.calls.number("futex") ?? 0 });
  new Tracer(supervisor, { calls: machine.calls, wanted, decoder, sink, cache, follow: options.follow });
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
  sink.write({ kind: "process-exit", pid, timeUs: Math.round((performance.timeOrigin + performance.now()) * 1000), ...ending });
  sink.close();
  return ending;
}

function requireMachine(): Machine {
  const machine = hostMachine();
  if (machine !== undefined) return machine;
  throw new ElsewhereError({
    code: "machine-unsupported",
    message: `elsewhere cannot hook programs on this processor (${process.arch}) yet`,
  });
}

function makeSink(options: Options): TraceSink {
  const sinks: TraceSink[] = [];
  if (options.timeline !== undefined) sinks.push(new TimelineSink(openOutput(options.timeline)));
  if (options.summary || options.json || options.output !== undefined || options.timeline === undefined)
    sinks.push(mainSink(options));
  return sinks.length === 1 && sinks[0] !== undefined ? sinks[0] : new TeeSink(sinks);
}

function mainSink(options: Options): TraceSink {
  const toTerminal = options.output === undefined;
  const output: Output = options.output === undefined ? outputTo(STDERR, "standard error") : openOutput(options.output);
  if (options.summary) return new SummarySink(output, { json: options.json });
  if (options.json) return new JsonSink(output);
  return new TextSink(output, { colour: toTerminal && wantsColour(), timestamps: options.timestamps });
}
