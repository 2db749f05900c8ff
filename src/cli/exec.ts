/** `elsewhere exec`: run a program under hooks. */
import type { HookSet } from "../hooks/define.ts";
import { type HookedProgram, launch } from "../hooks/launch.ts";
import { endAs, leaveSignalsTo } from "./ending.ts";
import { type HookOptions, useHookFiles } from "./hooks.ts";
import { withProgramBehindScript } from "./wrapper.ts";

/** As program.ts declares and checks them. */
export interface ExecCommandOptions extends HookOptions {
  readonly follow: boolean;
}

export async function exec(name: string, args: readonly string[], options: ExecCommandOptions): Promise<void> {
  const hooks: HookSet[] = [];
  const running: { program?: HookedProgram } = {};
  await useHookFiles(options, {
    add: (...sets) => void hooks.push(...sets),
    replace: (before, after) => running.program?.replaceHooks(before, after),
  });
  const program = await withProgramBehindScript(name, () =>
    launch(name, { args, stdio: "inherit", hooks, follow: options.follow }),
  );
  running.program = program;
  leaveSignalsTo(program.pid);
  endAs(await program.exited);
}
