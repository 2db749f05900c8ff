/** Random sequences of calls about sockets, made in a target and here with traffic there: each must find the same. */
import { startNetworkHome } from "./network-home.ts";

export interface NetworkSequences {
  readonly sequences: number;
  readonly seed: number;
  readonly progress?: (played: number) => void;
}

/** How many are played by one process. */
const BATCH = 100;

/** @returns what to tell of the first that is different; undefined where there is none */
export async function compareNetwork({ sequences, seed, progress }: NetworkSequences): Promise<string | undefined> {
  await using home = await startNetworkHome();
  for (let at = 0; at < sequences; at += BATCH) {
    const args = ["play", String(seed + at), String(Math.min(BATCH, sequences - at))];
    const there = (await home.there(args)).split("# ");
    const here = (await home.here(args)).split("# ");
    const different = there.findIndex((each, index) => each !== here[index]);
    if (different >= 0) return described(there[different] ?? "", here[different] ?? "nothing");
    progress?.(Math.min(at + BATCH, sequences));
  }
  return undefined;
}

function described(there: string, here: string): string {
  const [theirs, ours] = [there.split("\n"), here.split("\n")];
  const first = theirs.findIndex((line, index) => line !== ours[index]);
  const shown = theirs.slice(0, first).map((line) => `  ${line}`);
  return ["seed", ...shown, `there: ${theirs[first]}`, `here:  ${ours[first]}`].join("\n");
}
