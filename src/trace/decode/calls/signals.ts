/** Signals: handlers, masks, waiting. */
import { decimal, fd, output, type CallFormats } from "../format.ts";
import { enumeration, flags } from "../named.ts";
import {
  outputSignalAction,
  outputSignalSet,
  siginfoStructure,
  signal,
  signalAction,
  signalSet,
  signalStackStructure,
} from "../signal.ts";
import { outputOf, pointerTo } from "../structure.ts";
import { timespec } from "../time.ts";

const size = "sigsetsize";

export const signalCalls: CallFormats = {
  rt_sigaction: { sig: signal, act: signalAction, oact: outputSignalAction, sigsetsize: decimal },
  rt_sigprocmask: {
    how: enumeration("signalHow", "SIG_???"),
    set: signalSet(size),
    oset: outputSignalSet(size),
    sigsetsize: decimal,
  },
  rt_sigpending: { set: outputSignalSet(size), sigsetsize: decimal },
  rt_sigsuspend: { unewset: signalSet(size), sigsetsize: decimal },
  rt_sigtimedwait: { uthese: signalSet(size), uinfo: outputOf(siginfoStructure), uts: timespec, sigsetsize: decimal },
  rt_sigqueueinfo: { pid: decimal, sig: signal, uinfo: pointerTo(siginfoStructure) },
  rt_tgsigqueueinfo: { tgid: decimal, pid: decimal, sig: signal, uinfo: pointerTo(siginfoStructure) },
  sigaltstack: { uss: pointerTo(signalStackStructure), uoss: output(pointerTo(signalStackStructure)) },
  signalfd: { ufd: fd, user_mask: signalSet("sizemask"), sizemask: decimal },
  signalfd4: { ufd: fd, user_mask: signalSet("sizemask"), sizemask: decimal, flags: flags("signalfdFlags", "SFD_???") },
};
