/** `--hook` and `--watch-hooks`: what trace and exec do alike with hook files. */
import { ElsewhereError } from "../errors.ts";
import type { HookSet } from "../hooks/define.ts";
import { placeOf } from "../hooks/place.ts";
import { exitNow } from "../linux/native.ts";
import type { Machine } from "../machine/machine.ts";
import type { CallServer } from "../process/kernel.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { reportError } from "./report.ts";

export interface HookOptions {
  readonly hook: readonly string[];
  readonly watchHooks?: boolean;
}

/** Where the sets of hook files go. */
export interface HookTaker {
  add(...sets: readonly HookSet[]): void;
  replace(before: HookSet, after: HookSet): void;
}

/** Loads the files that the options name, if any, and keeps them up to date if that is asked for. */
export async function useHookFiles({ hook, watchHooks }: HookOptions, taker: HookTaker): Promise<void> {
  if (hook.length === 0) return;
  const { HookFiles } = await import("./hook-files.ts");
  surviveHookFiles();
  const files = new HookFiles();
  taker.add(...(await files.load(hook)).map(({ set }) => set));
  if (watchHooks !== true) return;
  files.watch({
    reloaded: ({ name, set }, after) => {
      taker.replace(set, after.set);
      console.error(`elsewhere: ${name} loaded again`);
    },
    failed: ({ name }, error) => {
      reportError(error);
      console.error(`  the hooks that ${name} had before go on`);
    },
  });
}

/**
 * `kernel` with the hooks of the files in front of it, if the options name any.
 * @param last hooks behind those
 */
export async function behindHooks(
  options: HookOptions,
  supervisor: Supervisor,
  machine: Machine,
  kernel: CallServer,
  last: readonly HookSet[] = [],
): Promise<CallServer> {
  if (options.hook.length === 0 && last.length === 0) return kernel;
  const { HookChains } = await import("../hooks/hook-chains.ts");
  const { ListeningKernel } = await import("../model/listening.ts");
  const behind = new ListeningKernel(supervisor, machine, kernel);
  const chains = new HookChains(supervisor, { calls: machine.calls, behind, innermost: last });
  await useHookFiles(options, {
    add: (...sets) => chains.add(...sets),
    replace: (before, after) => chains.replace(before, after),
  });
  return chains;
}

/**
 * What a hook file does beside its hooks (a timer, a promise that nobody awaits) must not end
 * elsewhere, for the program would go on without its hooks.
 */
function surviveHookFiles(): void {
  process.on("uncaughtException", (error) => {
    const place = placeOf(error.stack);
    if (place === undefined || error instanceof ElsewhereError) exitNow(reportError(error));
    console.error(
      `elsewhere: a hook file failed outside its hooks: ${String(error)}\n  at ${place?.file}:${place?.line}:${place?.column}`,
    );
  });
}
