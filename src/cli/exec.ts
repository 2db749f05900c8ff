/** `elsewhere exec`: run a program under hooks, or as if it were in a target. */
import { ElsewhereError } from "../errors.ts";
import type { HookSet } from "../hooks/define.ts";
import { type HookedProgram, launch } from "../hooks/launch.ts";
import type { Ending } from "../process/launch.ts";
import { endAs, finish, leaveSignalsTo } from "./ending.ts";
import { type HookOptions, useHookFiles } from "./hooks.ts";
import type { InTarget } from "./in-target.ts";
import { mayHaveTarget, type TargetOptions, targetSettings } from "./target-options.ts";
import { withProgramBehindScript } from "./wrapper.ts";

/** As program.ts declares and checks them. */
export interface ExecCommandOptions extends HookOptions, TargetOptions {
  readonly follow: boolean;
  readonly report?: boolean;
  readonly dryRun?: boolean;
  /** False: --no-outgoing. */
  readonly outgoing: boolean;
}

export async function exec(name: string, args: readonly string[], options: ExecCommandOptions): Promise<void> {
  const settings = mayHaveTarget(options) ? await targetSettings(options) : undefined;
  const text = settings?.target.value;
  if (settings === undefined || text === undefined) endAs(await runHere(name, args, options));
  const { InTarget } = await import("./in-target.ts");
  const target = await withProgramBehindScript(name, () => InTarget.open(text, name, settings, options.outgoing));
  if (options.dryRun === true) {
    const { tellBefore } = await import("./target-report.ts");
    await using there = target;
    await tellBefore(there, settings);
    return;
  }
  let ending: Ending;
  try {
    ending = await run(name, args, options, target);
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
  const failed = await finish(ending, [
    () => target[Symbol.asyncDispose](),
    async () => {
      if (options.report === true) (await import("./target-report.ts")).tellAfter(target);
    },
  ]);
  endAs(failed === undefined ? ending : { exitCode: failed, signal: null });
}

/** What is said about a target is of no meaning without one: the user has forgotten which. */
function runHere(name: string, args: readonly string[], options: ExecCommandOptions): Promise<Ending> {
  const lists = [options.filesAbsent, options.filesLocal, options.filesReadOnly, options.filesReadWrite, options.env];
  const others = [options.envFile, options.workdir, options.dryRun, options.report];
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
  target?: InTarget,
): Promise<Ending> {
  const hooks: HookSet[] = [];
  const running: { program?: HookedProgram } = {};
  await useHookFiles(options, {
    add: (...sets) => void hooks.push(...sets),
    replace: (before, after) => running.program?.replaceHooks(before, after),
  });
  const { file, ...seen } = (await target?.program(name)) ?? { file: name };
  const there = target && { survives: false, env: target.environment, cwd: await target.startingDirectory() };
  const program = await withProgramBehindScript(name, () =>
    launch(file, {
      args,
      ...seen,
      stdio: "inherit",
      hooks: [...hooks, ...(target?.hooks ?? [])],
      follow: options.follow,
      ...there,
    }),
  );
  running.program = program;
  leaveSignalsTo(program.pid);
  return program.exited;
}
