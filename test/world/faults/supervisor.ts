/**
 * `elsewhere exec --target …` as a process of its own, on a way that its parent can disturb by messages.
 *
 *     node supervisor.ts TARGET FOLDER PROGRAM ARGUMENTS…     FOLDER is the target's, everything else is here
 */
import { endAs, finish, leaveSignalsTo } from "../../../src/cli/ending.ts";
import { noTargetOptions, targetSettings } from "../../../src/cli/target-options.ts";
import { tell } from "../../../src/cli/target-session.ts";
import { ConnectedTarget } from "../../../src/run/connected-target.ts";
import { Agents } from "../../../src/target/agents.ts";
import { findTarget } from "../../../src/target/kinds.ts";
import { Way } from "./line.ts";

/** What the parent may say. */
export type Disturbance = "cut" | "cut-untold" | "stall" | "go";

const [text = "", folder = "", program = "", ...args] = process.argv.slice(2);
const way = new Way();
process.on("message", (disturbance: Disturbance) => {
  if (disturbance === "stall") way.stall();
  else if (disturbance === "go") way.go();
  else way.cut(disturbance === "cut");
});
process.channel?.unref();

const settings = await targetSettings({
  ...noTargetOptions,
  target: text,
  config: false,
  filesReadWrite: [`${folder}/**`, folder],
});
const { kind, name } = findTarget(text);
const agents = new Agents(async (signal) => {
  const agent = await kind.start(name, { progress: () => undefined, ...(signal && { signal }) });
  return way.lead(agent);
});
const target = await ConnectedTarget.open(agents, settings, (event) => tell(event, "its files are EIO"));
const running = await target.launch(program, {
  args,
  stdio: ["inherit", "inherit", "inherit"],
  onHookError: (failure) => console.error("hook failed", failure),
});
leaveSignalsTo(running.pid);
const ending = await running.exited;
await finish(ending, [() => target[Symbol.asyncDispose]()]);
endAs(ending);
