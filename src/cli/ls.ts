/** `elsewhere ls`: what could be a target on this machine. */
import pc from "picocolors";
import { listCandidates } from "../target/candidates.ts";
import { wantsColour } from "./report.ts";

const LONGEST_ABOUT = 80;

/** As program.ts declares them. */
export interface LsCommandOptions {
  readonly json?: boolean;
}

export async function ls({ json = false }: LsCommandOptions): Promise<void> {
  const candidates = await listCandidates();
  if (json) {
    console.log(JSON.stringify(candidates, null, 2));
    return;
  }
  const { bold, dim } = pc.createColors(wantsColour(process.env, 1));
  const width = Math.max(0, ...candidates.map(({ target }) => target.length));
  for (const { target, about } of candidates)
    console.log(`${bold(target.padEnd(width))}  ${dim(about.slice(0, LONGEST_ABOUT))}`);
  if (candidates.length === 0) console.log("no container, no process in a place of its own, no host of ssh");
}
