/** Whose program it is, as it sees that. What it may do is what its user may do. */
import type { Hooks } from "../hooks/types.ts";

/** User and group ids, real and effective. */
export interface SeenUser {
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  readonly groups: readonly number[];
}

const EINVAL = -22;

export function identity({ uid, euid, gid, egid, groups }: SeenUser): Hooks {
  const three = (real: number, effective: number): Uint8Array[] => [real, effective, effective].map(word);
  return {
    getuid: () => uid,
    geteuid: () => euid,
    getgid: () => gid,
    getegid: () => egid,
    getresuid({ args }) {
      return all([args.ruid, args.euid, args.suid], three(uid, euid));
    },
    getresgid({ args }) {
      return all([args.rgid, args.egid, args.sgid], three(gid, egid));
    },
    getgroups({ args }) {
      if (args.gidsetsize === 0) return groups.length;
      if (args.gidsetsize < groups.length) return EINVAL;
      const written = args.grouplist.write(Buffer.concat(groups.map(word)));
      return written < 0 ? written : groups.length;
    },
  };
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

interface Place {
  write(bytes: Uint8Array): number;
}

/** @returns 0 or −EFAULT */
function all(places: readonly Place[], values: readonly Uint8Array[]): number {
  for (const [index, place] of places.entries()) {
    const written = place.write(values[index] ?? new Uint8Array(0));
    if (written < 0) return written;
  }
  return 0;
}
