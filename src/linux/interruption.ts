/**
 * What the kernel makes of a call that sleeps when a signal handler has run: signal(7), "Interruption of system calls and
 * library functions by signal handlers".
 *
 * A call ends with EINTR whatever handler ran where it returns -EINTR itself (ep_poll in fs/eventpoll.c, do_semtimedop in ipc/sem.c),
 * or -ERESTARTNOHAND, or -ERESTART_RESTARTBLOCK (do_sys_poll in fs/select.c, hrtimer_nanosleep, futex_wait with a timeout):
 * handle_signal turns both into EINTR. Where it returns -ERESTARTSYS the handler's SA_RESTART decides.
 */
import { errnoNumber } from "./errno.ts";

/** EINTR as a result register holds it. */
export const INTERRUPTED: bigint = -BigInt(errnoNumber("EINTR") ?? 0);

/**
 * - always: EINTR;
 * - socket: EINTR where the socket has a timeout (sock_intr_errno, include/net/sock.h), else by the handler;
 * - file: of files that can make one wait (pipes, terminals, sockets): by the handler;
 * - handler: EINTR unless the handler has SA_RESTART;
 * - never: it does not sleep, or not so that signals wake it.
 */
export type Interruption = "always" | "socket" | "file" | "handler" | "never";

const FUTEX_WAIT = 0;
const FUTEX_WAIT_BITSET = 9;
/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME are not part of the operation: include/uapi/linux/futex.h. */
const FUTEX_COMMAND = 0x7f;
const F_SETLKW = 7n;
const F_OFD_SETLKW = 38n;

const interruptions: Readonly<Record<Exclude<Interruption, "never">, readonly string[]>> = {
  always: (
    "pause rt_sigsuspend rt_sigtimedwait poll ppoll select pselect6 epoll_wait epoll_pwait " +
    "epoll_pwait2 nanosleep clock_nanosleep semop semtimedop msgrcv msgsnd io_getevents io_pgetevents"
  ).split(" "),
  socket: ["accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg"],
  file: ["read", "readv", "write", "writev"],
  handler: ["wait4", "waitid", "flock", "mq_timedreceive", "mq_timedsend"],
};

const byName: ReadonlyMap<string, Interruption> = new Map(
  Object.entries(interruptions).flatMap(([kind, names]) => names.map((name) => [name, kind as Interruption])),
);

/** @param args the call's registers */
export function interruptionOf(name: string, args: readonly bigint[]): Interruption {
  switch (name) {
    case "epoll_wait":
    case "epoll_pwait":
      return BigInt.asIntN(32, args[3] ?? 0n) === 0n ? "never" : "always"; // ep_poll looks once
    case "futex": {
      const command = Number((args[1] ?? 0n) & BigInt(FUTEX_COMMAND));
      if (command !== FUTEX_WAIT && command !== FUTEX_WAIT_BITSET) return "never";
      return args[3] === 0n ? "handler" : "always";
    }
    case "fcntl":
      return args[1] === F_SETLKW || args[1] === F_OFD_SETLKW ? "handler" : "never";
    default:
      return byName.get(name) ?? "never";
  }
}
