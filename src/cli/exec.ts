/** `elsewhere exec`: run a program under hooks, or as if it were in a target. */
import pc from "picocolors";
import { ElsewhereError } from "../errors.ts";
import type { HookSet } from "../hooks/define.ts";
import { type HookedProgram, launch, type LaunchOptions } from "../hooks/launch.ts";
import type { Ending } from "../process/launch.ts";
import type { InTarget } from "../run/in-target.ts";
import { endAs, finish, leaveSignalsTo } from "./ending.ts";
import { type HookOptions, useHookFiles } from "./hooks.ts";
import { wantsColour } from "./report.ts";
import { mayHaveTarget, type TargetOptions, targetSettings } from "./target-options.ts";
import { withProgramBehindScript } from "./wrapper.ts";

/** As program.ts declares and checks them. */
export interface ExecCommandOptions extends HookOptions, TargetOptions {
  readonly follow: boolean;
  readonly report?: boolean;
  readonly reportTo?: string;
  readonly dryRun?: boolean;
}

export async function exec(name: string, args: readonly string[], options: ExecCommandOptions): Promise<void> {
  const settings = mayHaveTarget(options) ? await targetSettings(options) : undefined;
  const text = settings?.target.value;
  if (settings === undefined || text === undefined) endAs(await runHere(name, args, options));
  const { prepareIn } = await import("./target-session.ts");
  const { target, run: there } = await withProgramBehindScript(name, () => prepareIn(text, name, settings));
  if (options.dryRun === true) {
    const { tellBefore } = await import("./target-report.ts");
    await using _ = target;
    await tellBefore(there, settings);
    return;
  }
  let ending: Ending;
  try {
    ending = await run(name, args, options, there);
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
  const failed = await finish(ending, [
    () => target[Symbol.asyncDispose](),
    async () => {
      if (options.report !== true && options.reportTo === undefined) return;
      const { tellAfter, writeReport } = await import("./target-report.ts");
      if (options.report === true) tellAfter(there);
      if (options.reportTo !== undefined) writeReport(there, options.reportTo);
    },
  ]);
  endAs(failed === undefined ? ending : { exitCode: failed, signal: null });
}

/** What is said about a target is of no meaning without one: the user has forgotten which. */
function runHere(name: string, args: readonly string[], options: ExecCommandOptions): Promise<Ending> {
  const files = [options.filesAbsent, options.filesLocal, options.filesReadOnly, options.filesReadWrite];
  const connections = [options.outgoingRefuse, options.outgoingLocal, options.outgoingRemote];
  const lists = [...files, ...connections, options.env];
  const others = [options.envFile, options.keep, options.workdir, options.dryRun, options.report, options.reportTo];
  if (lists.some(({ length }) => length > 0) || others.some((each) => each !== undefined))
    throw new ElsewhereError({
      code: "usage",
      message: "there is no target",
      hint: "name one with --target, or in elsewhere.config.ts; elsewhere ls lists what could be one",
    });
  return run(name, args, options);
}

async function run(
  name: string,
  args: readonly string[],
  options: ExecCommandOptions,
  there?: InTarget,
): Promise<Ending> {
  const hooks: HookSet[] = [];
  const running: { program?: HookedProgram } = {};
  await useHookFiles(options, {
    add: (...sets) => void hooks.push(...sets),
    replace: (before, after) => running.program?.replaceHooks(before, after),
  });
  const started = { args, stdio: "inherit", hooks, follow: options.follow } as const;
  const program = await withProgramBehindScript(
    name,
    () => there?.launch({ ...started, onUnhooked: tellOnce() }) ?? launch(name, started),
  );
  running.program = program;
  leaveSignalsTo(program.pid);
  return program.exited;
}

/** Of what the program starts and what is not in the target: the user would look there for what it does here. */
function tellOnce(): NonNullable<LaunchOptions["onUnhooked"]> {
  const told = new Set<string>();
  return ({ program, reason }) => {
    if (told.has(program)) return;
    told.add(program);
    console.error(pc.createColors(wantsColour()).dim(`elsewhere: ${program} is started on this machine: ${reason}`));
  };
}
