/**
 * Descriptors in control messages (unix(7), SCM_RIGHTS): reads them from a msghdr, and knows
 * again what another hooked process has sent.
 *
 * The kernel does not say which open file description arrives. It is recognised by what
 * /proc tells of it (link, inode, mount, access mode), which was noted when it was sent, and by the
 * socket where both ends are known (socketpair). Of several messages that look alike kcmp(2)
 * finds the right one while some process has a descriptor of a file in it; of the others
 * the first sent is taken, which may carry another file with the same path and access mode.
 */
import type { Abi } from "../linux/abi.ts";
import type { ProcessMemory } from "../process/memory.ts";
import { type Kcmp, readDescriptor } from "./kernel.ts";
import type { Holder, OpenFile } from "./open-file.ts";
import type { Descriptor } from "./table.ts";

/** include/linux/socket.h */
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_PIDFD = 4;
const O_ACCMODE = 3;
const MSG_CTRUNC = 8;
const CMSG_HEADER = 16;
/** The kernel takes at most 253 descriptors in a message (SCM_MAX_FD); control data beyond this is not looked at. */
const CONTROL_LIMIT = 16_384;
const MESSAGES_LIMIT = 1024; // UIO_MAXIOV, which recvmmsg has as well
/** Messages that were sent and have not arrived; beyond this the oldest is forgotten. */
const SENT_LIMIT = 4096;

/** What one message carries. */
interface Passed {
  readonly rights: readonly number[];
  /** SCM_PIDFD: a new descriptor that the kernel made. */
  readonly pidfds: readonly number[];
  /** MSG_CTRUNC: there was more than room for it. The kernel drops the rest. */
  readonly isTruncated: boolean;
}

/** A message that is on its way. */
export interface Sent {
  /** The socket that it was sent by. */
  readonly socket: OpenFile | undefined;
  readonly carried: readonly Carried[];
}

interface Carried extends Holder {
  readonly file: OpenFile;
  readonly looks: string;
}

export class Passing {
  readonly #abi: Abi;
  readonly #kcmp: Kcmp;
  readonly #sent: Sent[] = [];

  constructor(abi: Abi, kcmp: Kcmp) {
    this.#abi = abi;
    this.#kcmp = kcmp;
  }

  /** The control data of `count` messages: msghdr structures, or mmsghdr where there are several. */
  read(memory: ProcessMemory, address: bigint, count: number, isMultiple: boolean): readonly Passed[] {
    const size = this.#abi.layouts[isMultiple ? "mmsghdr" : "user_msghdr"].size;
    const found: Passed[] = [];
    for (let index = 0; index < Math.min(count, MESSAGES_LIMIT); index++) {
      const passed = this.#readControl(memory, address + BigInt(index * size));
      if (passed !== undefined) found.push(passed);
    }
    return found;
  }

  #readControl(memory: ProcessMemory, header: bigint): Passed | undefined {
    const { size, fields } = this.#abi.layouts.user_msghdr;
    const bytes = memory.read(header, size);
    if (bytes?.length !== size) return undefined;
    const words = Buffer.from(bytes);
    const isTruncated = (words.readUInt32LE(fields["msg_flags"]?.[0]) & MSG_CTRUNC) !== 0;
    const length = Number(words.readBigUInt64LE(fields["msg_controllen"]?.[0]));
    if (length < CMSG_HEADER && !isTruncated) return undefined;
    const control = memory.read(words.readBigUInt64LE(fields["msg_control"]?.[0]), Math.min(length, CONTROL_LIMIT));
    const data = Buffer.from(control ?? []);
    const rights: number[] = [];
    const pidfds: number[] = [];
    for (let at = 0; at + CMSG_HEADER <= data.length;) {
      const messageLength = Number(data.readBigUInt64LE(at));
      if (messageLength < CMSG_HEADER) break;
      const type = data.readInt32LE(at + 12);
      const into = type === SCM_RIGHTS ? rights : type === SCM_PIDFD ? pidfds : undefined;
      const end = Math.min(at + messageLength, data.length);
      if (data.readInt32LE(at + 8) === SOL_SOCKET && into !== undefined)
        for (let each = at + CMSG_HEADER; each + 4 <= end; each += 4) into.push(data.readInt32LE(each));
      at += (messageLength + 7) & ~7;
    }
    return { rights, pidfds, isTruncated };
  }

  /** A thread is about to send these in one message. */
  send(tid: number, socket: OpenFile | undefined, descriptors: readonly Descriptor[]): Sent {
    const carried = descriptors.map(({ file, number }) => ({ file, looks: looksOf(tid, number), tid, number }));
    for (const each of carried) each.file.hold(each);
    const sent = { socket, carried };
    this.#sent.push(sent);
    if (this.#sent.length > SENT_LIMIT && this.#sent[0] !== undefined) this.remove(this.#sent[0]);
    return sent;
  }

  /**
   * What has arrived in one message on `socket`: the file of each number, as far as a hooked
   * process has sent it. The message stays on its way until it is {@link remove}d.
   */
  recognise(tid: number, socket: OpenFile | undefined, { rights, isTruncated }: Passed): Sent | undefined {
    if (rights.length === 0 && !isTruncated) return undefined;
    const looks = rights.map((number) => looksOf(tid, number));
    const candidates = this.#sent.filter(
      (sent) =>
        (socket?.peer === undefined ? sent.socket?.peer === undefined : sent.socket === socket.peer) &&
        (isTruncated ? sent.carried.length >= rights.length : sent.carried.length === rights.length) &&
        looks.every((each, index) => sent.carried[index]?.looks === each),
    );
    if (rights.length === 0 && socket?.peer === undefined) return undefined; // nothing tells which it was
    let possible: Sent | undefined;
    for (const sent of candidates) {
      const same = rights.map((number, index) => this.#isSame(sent.carried[index], tid, number));
      if (same.includes(false)) continue;
      if (same.includes(true)) return sent;
      possible ??= sent;
    }
    return possible;
  }

  /** The message has arrived, or was not sent after all. */
  remove(sent: Sent): void {
    const index = this.#sent.indexOf(sent);
    if (index < 0) return;
    this.#sent.splice(index, 1);
    for (const each of sent.carried) each.file.release(each);
  }

  /** As far as some descriptor of it is still open anywhere. */
  #isSame(carried: Carried | undefined, tid: number, number: number): boolean | undefined {
    let answer: boolean | undefined;
    for (const holder of carried?.file.holders ?? []) {
      if ("looks" in holder) continue; // a message
      const same = this.#kcmp.sameFile(tid, number, holder.tid, holder.number);
      if (same === true) return true;
      answer ??= same;
    }
    return answer;
  }
}

/** What of a file no call changes: link, inode, mount and access mode. */
function looksOf(tid: number, number: number): string {
  const kernel = readDescriptor(tid, number);
  return kernel === undefined ? "" : `${kernel.link} ${kernel.identity} ${kernel.flags & O_ACCMODE}`;
}
