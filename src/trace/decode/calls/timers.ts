/** Clocks, sleeping, timers. */
import { dateText } from "../file.ts";
import { decimal, fd, output, pointer, type CallFormats, type Format, type OutputFormat } from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, enumerationOf, flags } from "../named.ts";
import { i32, u64 } from "../../../linux/scalar.ts";
import { signalOf } from "../signal.ts";
import { number, outputOf, outputOfOne, pointerTo, structure, type Structure } from "../structure.ts";
import {
  clock,
  itimerspecStructure,
  itimervalStructure,
  outputTimespec,
  outputTimeval,
  timespec,
  timeval,
} from "../time.ts";
import { jsonInteger, pointer as pointerOf, type Decoded } from "../value.ts";

/** What is left of a sleep: told when it was interrupted. */
const eintr = -4n;

const remaining: OutputFormat = {
  leave: (scope) => {
    const print = timespec(scope);
    return (value, call) => (call.result === eintr ? print(value, call) : pointerOf(value));
  },
};

const timex: Structure = structure(
  "__kernel_timex",
  {
    modes: flags("timexModes", "ADJ_???"),
    offset: decimal,
    freq: decimal,
    maxerror: decimal,
    esterror: decimal,
    status: flags("timexStatus", "STA_???"),
    constant: decimal,
    precision: decimal,
    tolerance: decimal,
  },
  { brief: ["modes", "offset", "freq", "maxerror", "esterror", "status", "constant", "precision", "tolerance"] },
);

/** Seconds since 1970, and the date. */
const dated: Format = () => (value) => {
  const date = dateText(Number(value), 0, 0);
  return { text: date === undefined ? `${value}` : `${value} /* ${date} */`, value: jsonInteger(value) };
};

const timerFlags = flags("clockFlags", "TIMER_???");

/** struct sigevent; a thread's number is told for SIGEV_THREAD_ID (include/uapi/asm-generic/siginfo.h). */
const signalEvent: Format =
  ({ abi }) =>
  (address, call) => {
    const { size, fields } = abi.layouts.sigevent;
    const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), size);
    if (bytes === undefined) return pointerOf(address);
    const at = (name: string): number => fields[name]?.[0] ?? 0;
    const whole = pointerOf(u64(bytes, at("sigev_value.sival_ptr")));
    const word = i32(bytes, at("sigev_value.sival_int"));
    const notify = enumerationOf(abi.constants.signalNotify, i32(bytes, at("sigev_notify")), "SIGEV_???");
    const parts: [string, Decoded][] = [];
    if (whole.value !== null)
      parts.push([
        "sigev_value",
        { text: `{sival_int=${word}, sival_ptr=${whole.text}}`, value: { sival_int: word, sival_ptr: whole.value } },
      ]);
    parts.push(["sigev_signo", signalOf(i32(bytes, at("sigev_signo")))], ["sigev_notify", notify]);
    if (notify.value === "SIGEV_THREAD_ID") {
      const thread = i32(bytes, at("_sigev_un._tid"));
      parts.push(["sigev_notify_thread_id", { text: `${thread}`, value: thread }]);
    }
    return {
      text: `{${parts.map(([name, part]) => `${name}=${part.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])),
    };
  };

export const timerCalls: CallFormats = {
  nanosleep: { rqtp: timespec, rmtp: remaining },
  clock_nanosleep: { which_clock: clock, flags: timerFlags, rqtp: timespec, rmtp: remaining },
  clock_gettime: { which_clock: clock, tp: outputTimespec },
  clock_getres: { which_clock: clock, tp: outputTimespec },
  clock_settime: { which_clock: clock, tp: timespec },
  clock_adjtime: { which_clock: clock, tx: output(pointerTo(timex)) },
  adjtimex: { txc_p: output(pointerTo(timex)) },
  gettimeofday: { tv: outputTimeval, tz: pointer },
  settimeofday: { tv: timeval, tz: pointer },
  time: { tloc: outputOfOne(number("i64", dated)) },
  getitimer: { which: enumeration("intervalTimer", "ITIMER_???"), value: outputOf(itimervalStructure) },
  setitimer: {
    which: enumeration("intervalTimer", "ITIMER_???"),
    value: pointerTo(itimervalStructure),
    ovalue: outputOf(itimervalStructure),
  },
  timer_create: {
    which_clock: clock,
    timer_event_spec: signalEvent,
    created_timer_id: outputOfOne(number("i32", decimal)),
  },
  timer_settime: {
    timer_id: decimal,
    flags: timerFlags,
    new_setting: pointerTo(itimerspecStructure),
    old_setting: outputOf(itimerspecStructure),
  },
  timer_gettime: { timer_id: decimal, setting: outputOf(itimerspecStructure) },
  timer_delete: { timer_id: decimal },
  timer_getoverrun: { timer_id: decimal },
  timerfd_create: { clockid: clock, flags: flags("timerfdFlags", "TFD_???") },
  timerfd_settime: {
    ufd: fd,
    flags: flags("timerfdFlags", "TFD_???"),
    utmr: pointerTo(itimerspecStructure),
    otmr: outputOf(itimerspecStructure),
  },
  timerfd_gettime: { ufd: fd, otmr: outputOf(itimerspecStructure) },
};
