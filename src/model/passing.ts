/**
 * Descriptors in control messages (unix(7), SCM_RIGHTS): reads them from a msghdr, and knows
 * again what another hooked process has sent.
 *
 * The kernel does not say which open file description arrives. It is recognised by what
 * /proc tells of it (link, inode, mount, flags), which was noted when it was sent; of several that
 * look alike the first sent is taken, unless kcmp(2) can compare with the sender's own.
 */
import type { Abi } from "../linux/abi.ts";
import type { ProcessMemory } from "../process/memory.ts";
import { type Kcmp, readDescriptor } from "./kernel.ts";
import type { OpenFile } from "./open-file.ts";
import type { Descriptor } from "./table.ts";

/** include/linux/socket.h */
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_PIDFD = 4;
const CMSG_HEADER = 16;
/** The kernel takes at most 253 descriptors in a message (SCM_MAX_FD); control data beyond this is not looked at. */
const CONTROL_LIMIT = 16_384;
const MESSAGES_LIMIT = 1024; // UIO_MAXIOV, which recvmmsg has as well
/** Files that were sent and have not arrived; beyond this the oldest is forgotten. */
const SENT_LIMIT = 4096;

interface Passed {
  readonly rights: readonly number[];
  /** SCM_PIDFD: a new descriptor that the kernel made. */
  readonly pidfds: readonly number[];
}

/** One that is on its way. */
export interface Sent {
  readonly file: OpenFile;
  readonly looks: string;
  readonly tid: number;
  readonly number: number;
}

export class Passing {
  readonly #abi: Abi;
  readonly #kcmp: Kcmp;
  readonly #sent: Sent[] = [];

  constructor(abi: Abi, kcmp: Kcmp) {
    this.#abi = abi;
    this.#kcmp = kcmp;
  }

  /** Descriptors in the control data of `count` messages: msghdr structures, or mmsghdr where there are several. */
  read(memory: ProcessMemory, address: bigint, count: number, isMultiple: boolean): Passed {
    const rights: number[] = [];
    const pidfds: number[] = [];
    const size = this.#abi.layouts[isMultiple ? "mmsghdr" : "user_msghdr"].size;
    for (let index = 0; index < Math.min(count, MESSAGES_LIMIT); index++)
      this.#readControl(memory, address + BigInt(index * size), rights, pidfds);
    return { rights, pidfds };
  }

  #readControl(memory: ProcessMemory, header: bigint, rights: number[], pidfds: number[]): void {
    const { size, fields } = this.#abi.layouts.user_msghdr;
    const bytes = memory.read(header, size);
    if (bytes?.length !== size) return;
    const words = Buffer.from(bytes);
    const length = Number(words.readBigUInt64LE(fields["msg_controllen"]?.[0]));
    if (length < CMSG_HEADER) return;
    const control = memory.read(words.readBigUInt64LE(fields["msg_control"]?.[0]), Math.min(length, CONTROL_LIMIT));
    if (control === undefined) return;
    const data = Buffer.from(control);
    for (let at = 0; at + CMSG_HEADER <= data.length;) {
      const messageLength = Number(data.readBigUInt64LE(at));
      if (messageLength < CMSG_HEADER) return;
      const type = data.readInt32LE(at + 12);
      const into = type === SCM_RIGHTS ? rights : type === SCM_PIDFD ? pidfds : undefined;
      const end = Math.min(at + messageLength, data.length);
      if (data.readInt32LE(at + 8) === SOL_SOCKET && into !== undefined)
        for (let each = at + CMSG_HEADER; each + 4 <= end; each += 4) into.push(data.readInt32LE(each));
      at += (messageLength + 7) & ~7;
    }
  }

  /** A thread is about to send these. */
  send(tid: number, descriptors: readonly Descriptor[]): readonly Sent[] {
    return descriptors.map(({ file, number }) => {
      file.hold(); // it lives while it travels
      const sent = { file, looks: looksOf(tid, number), tid, number };
      this.#sent.push(sent);
      if (this.#sent.length > SENT_LIMIT) this.#sent.shift()?.file.release();
      return sent;
    });
  }

  /** They were not sent. */
  takeBack(sent: readonly Sent[]): void {
    for (const each of sent) this.#remove(each);
  }

  /** What arrived as descriptor `number`, if a hooked process sent it; the file is held once less after `use`. */
  receive(tid: number, number: number, use: (file: OpenFile | undefined) => void): void {
    const looks = looksOf(tid, number);
    const alike = this.#sent.filter((sent) => sent.looks === looks);
    const chosen =
      alike.length > 1
        ? (alike.find((sent) => this.#kcmp.sameFile(tid, number, sent.tid, sent.number) === true) ?? alike[0])
        : alike[0];
    use(chosen?.file);
    if (chosen !== undefined) this.#remove(chosen);
  }

  #remove(sent: Sent): void {
    const index = this.#sent.indexOf(sent);
    if (index < 0) return;
    this.#sent.splice(index, 1);
    sent.file.release();
  }
}

function looksOf(tid: number, number: number): string {
  const kernel = readDescriptor(tid, number);
  return kernel === undefined ? "" : `${kernel.link} ${kernel.identity} ${kernel.flags}`;
}
