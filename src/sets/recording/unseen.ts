/**
 * Calls that move bytes where nobody sees them. On sockets and standard streams of a recording they fail as they do on
 * files that do not support them, and programs read and write instead (Go: internal/poll/sendfile.go, splice_linux.go).
 */
import type { BaseCall, Hook, Hooks } from "../../hooks/types.ts";

const EINVAL = -22;
/** One message in place of many is what the kernel may do at any time; without them programs send one by one. */
const ENOSYS = -38;

const unless = (call: BaseCall, ...fds: readonly number[]): number | undefined =>
  fds.some((fd) => call.process.descriptors.isMarked(fd)) ? EINVAL : undefined;

const refused: Hook<BaseCall & { readonly fd: number }> = (call) =>
  call.process.descriptors.isMarked(call.fd) ? ENOSYS : undefined;

export const unseenTransfers: Hooks = {
  sendfile: (call) => unless(call, call.args.out_fd, call.args.in_fd),
  splice: (call) => unless(call, call.args.fd_in, call.args.fd_out),
  copy_file_range: (call) => unless(call, call.args.fd_in, call.args.fd_out),
  tee: (call) => unless(call, call.args.fdin, call.args.fdout),
  vmsplice: (call) => unless(call, call.fd),
  sendmmsg: refused,
  recvmmsg: refused,
};
