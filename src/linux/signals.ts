/** Signal names. Alike on every machine we know. */
import { signals } from "./generated/signals.ts";

const names: (string | undefined)[] = [];
for (const [name, number] of Object.entries(signals)) names[number] = name;

/** First and last real-time signal as the kernel numbers them; C libraries keep the first two for themselves. */
const realTime = { first: 32, last: 64 };

/** "SIGKILL" for 9, "SIGRT_2" for 34, as strace writes them; undefined where there is no such signal. */
export function signalName(number: number): string | undefined {
  if (number === realTime.first) return "SIGRTMIN";
  if (number > realTime.first && number <= realTime.last) return `SIGRT_${number - realTime.first}`;
  return names[number];
}

/** 9 for "SIGKILL" and for "KILL". */
export function signalNumber(name: string): number | undefined {
  const realTimeOffset = /^(?:SIG)?RT_(\d+)$/.exec(name)?.[1];
  if (realTimeOffset !== undefined) {
    const number = realTime.first + Number(realTimeOffset);
    return number <= realTime.last ? number : undefined;
  }
  if (/^(?:SIG)?RTMIN$/.test(name)) return realTime.first;
  const full = name.startsWith("SIG") ? name : `SIG${name}`;
  return Object.hasOwn(signals, full) ? signals[full] : undefined;
}
