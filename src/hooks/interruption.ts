/**
 * Whether a call whose hook still waits ends with EINTR, now that a signal handler has run in its thread: as it would, had
 * it slept in the kernel. What the kernel alone knows (timeouts of sockets, flags of handlers) it is asked inside the thread.
 */
import { readFileSync } from "node:fs";
import { interruptionOf } from "../linux/interruption.ts";
import { readDescriptor } from "../model/kernel.ts";
import { asInt } from "../process/paths.ts";
import type { HookedCall } from "./hooked-call.ts";

const O_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
/** asm-generic/socket.h: a struct timeval of two longs. */
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SA_RESTART = 0x10000000;
/** Of struct kernel_sigaction, on machines with SA_RESTORER: handler, flags, restorer, mask. */
const ACTION = { size: 32, flags: 8 };
const SIGNALS = 64n;
/** Message calls to a peer that does not read, and `connect`, wait as senders. */
const senders = ["connect", "sendto", "sendmsg", "sendmmsg"];

/** @param call a view of the call that may have its thread make others */
export async function endsInterrupted(call: HookedCall): Promise<boolean> {
  const kind = interruptionOf(call.name, call.registers);
  if (kind === "always" || kind === "never") return kind === "always";
  if (kind === "socket" || kind === "file") {
    const fd = asInt(call.registers[0] ?? 0n);
    const file = readDescriptor(call.tid, fd);
    if (file === undefined || (file.flags & O_NONBLOCK) !== 0) return false;
    if (file.link.startsWith("/") && !file.link.startsWith("/dev/")) return false;
    if (file.link.startsWith("socket:") && (await hasTimeout(call, fd))) return true;
  }
  return hasHandlerWithoutRestart(call);
}

async function hasTimeout(call: HookedCall, fd: number): Promise<boolean> {
  const timeval = call.lend(16);
  const length = call.lend(new Uint8Array(Uint32Array.of(16).buffer));
  await call.run("getsockopt", {
    fd,
    level: SOL_SOCKET,
    optname: senders.includes(call.name) ? SO_SNDTIMEO : SO_RCVTIMEO,
    optval: timeval,
    optlen: length,
  });
  return timeval.read(16).some((byte) => byte !== 0);
}

/** Which of several handlers ran nobody tells: one without SA_RESTART is enough. */
async function hasHandlerWithoutRestart(call: HookedCall): Promise<boolean> {
  const caught = caughtSignals(call.tid);
  const action = call.lend(ACTION.size);
  for (let signal = 1n; signal <= SIGNALS; signal++) {
    if ((caught & (1n << (signal - 1n))) === 0n) continue;
    const result = await call.run("rt_sigaction", { sig: signal, act: 0n, oact: action, sigsetsize: 8 });
    if (result !== 0) continue;
    const flags = action.plus(ACTION.flags).read(4);
    if (flags.length === 4 && (Buffer.from(flags).readUInt32LE() & SA_RESTART) === 0) return true;
  }
  return false;
}

/** A bit per signal that the process has a handler for; proc(5), SigCgt. */
function caughtSignals(tid: number): bigint {
  try {
    return BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${tid}/status`, "latin1"))?.[1] ?? "0"}`);
  } catch {
    return 0n; // it is gone
  }
}
