/** A session with a target, and what the user sees of it. */
import pc from "picocolors";
import type { Settings } from "../config/settings.ts";
import { ConnectedTarget } from "../run/connected-target.ts";
import { executableOf, type InTarget } from "../run/in-target.ts";
import type { SessionEvent } from "../session/session.ts";
import { Agents } from "../target/agents.ts";
import { findTarget } from "../target/kinds.ts";
import { collectGarbageOfBuffersLessOften } from "./garbage.ts";
import { Progress } from "./progress.ts";
import { wantsColour } from "./report.ts";

/**
 * A target, and a run of the program in it that is prepared.
 * @param text of the target: "container:api"
 * @param program as the user named it
 * @throws ElsewhereError when the program is not found, or nothing can be done in the target
 */
export async function prepareIn(
  text: string,
  program: string,
  settings: Settings,
): Promise<{ readonly target: ConnectedTarget; readonly run: InTarget }> {
  executableOf(program); // before an agent is started
  const target = await connectTo(text, settings, "its files are EIO");
  try {
    return { target, run: await target.prepare(program) };
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * @param without what it means that the target is gone, for people: "its files are EIO"
 * @throws ElsewhereError `target-unusable` where there is no such kind, or no agent can be started
 */
export async function connectTo(text: string, settings: Settings, without: string): Promise<ConnectedTarget> {
  collectGarbageOfBuffersLessOften();
  using progress = new Progress();
  const { kind, name } = findTarget(text);
  const agents = new Agents((signal) =>
    kind.start(name, {
      keep: settings.keep.value,
      progress: (doing) => progress.say(`${text}: ${doing}`),
      ...(signal && { signal }),
    }),
  );
  return await ConnectedTarget.open(agents, settings, (event) => tell(event, without));
}

/** The user sees the program wait, and why. @param without as of `connectTo` */
export function tell(event: SessionEvent, without: string): void {
  const { dim, red } = pc.createColors(wantsColour());
  if (event.kind === "lost")
    console.error(dim(`elsewhere: the target does not answer (${event.reason}); connecting again`));
  else if (event.kind === "over") console.error(red(`elsewhere: the target is gone: ${event.reason}; ${without}`));
  else {
    console.error(dim("elsewhere: connected again"));
    for (const path of event.lostFiles) console.error(red(`  ${path} is another file now, or none: ESTALE`));
  }
}
