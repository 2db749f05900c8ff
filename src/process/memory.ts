/** The memory of a hooked process, read and written from outside (process_vm_readv(2)). */
import { processVmRead, processVmWrite } from "../linux/native.ts";

const PAGE = 4096n;

export class ProcessMemory {
  /** Any thread of the process; a `vfork` child's own id serves too. */
  readonly tid: number;

  constructor(tid: number) {
    this.tid = tid;
  }

  /** Fewer bytes than asked where the readable range ends; undefined where `address` is bad. */
  read(address: bigint, length: number): Uint8Array | undefined {
    if (length <= 0) return new Uint8Array(0);
    const whole = processVmRead(this.tid, address, length);
    if (typeof whole !== "number") return whole;
    // The kernel copies nothing of a page-crossing range whose first page it cannot pin;
    // what is left of the first page may still be readable.
    const inPage = Number(PAGE - (address % PAGE));
    if (inPage >= length) return undefined;
    const part = processVmRead(this.tid, address, inPage);
    return typeof part === "number" ? undefined : part;
  }

  /** @returns bytes written, or −errno */
  write(address: bigint, bytes: Uint8Array): number {
    return processVmWrite(this.tid, address, bytes);
  }

  /** The bytes in front of the NUL at or after `address`; undefined where there is none within `limit` bytes. */
  cString(address: bigint, limit: number = 4096): Uint8Array | undefined {
    const chunks: Uint8Array[] = [];
    for (let at = address, left = limit; left > 0;) {
      const chunk = this.read(at, Math.min(left, 256));
      if (chunk === undefined || chunk.length === 0) return undefined;
      const end = chunk.indexOf(0);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) return new Uint8Array(Buffer.concat(chunks));
      at += BigInt(chunk.length);
      left -= chunk.length;
    }
    return undefined;
  }

  /** Pointers from `address` up to the NULL; undefined where memory is bad or there are more than `limit`. */
  pointers(address: bigint, limit: number = 1 << 20): readonly bigint[] | undefined {
    const found: bigint[] = [];
    for (let at = address; found.length < limit;) {
      const chunk = this.read(at, 4096);
      if (chunk === undefined || chunk.length < 8) return undefined;
      const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let i = 0; i + 8 <= chunk.length; i += 8) {
        const pointer = words.getBigUint64(i, true);
        if (pointer === 0n) return found;
        found.push(pointer);
      }
      at += BigInt(chunk.length - (chunk.length % 8));
    }
    return undefined;
  }
}
