/** Who the target is: host name, and the user, environment and working directory of its main process. */
import { readFileSync, readlinkSync } from "node:fs";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { IdentitySchema } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import type { Kernel } from "./connection.ts";
import { checked } from "./errno.ts";

export type Identity = MessageInitShape<typeof IdentitySchema>;
/** What an agent says of its target (HelloResponse). */
export interface TargetFacts {
  readonly identity: Identity;
  readonly environment: Uint8Array[];
  readonly workingDirectory: Uint8Array;
}

/** struct new_utsname (include/uapi/linux/utsname.h): six texts of 65 bytes. */
const UTSNAME_FIELD = 65;
const UTSNAME_FIELDS = 6;

/** @throws Error where the process is gone, or this one has no right to look into it */
export const factsOf = (kernel: Kernel, pid: number): TargetFacts => ({
  identity: identityOf(kernel, pid),
  ...surroundingsOf(pid),
});

export function identityOf(kernel: Kernel, pid: number): Identity {
  const found = Buffer.alloc(UTSNAME_FIELD * UTSNAME_FIELDS);
  checked(kernel.makeNow("uname", found));
  const text = (index: number): string => {
    const field = found.subarray(index * UTSNAME_FIELD, (index + 1) * UTSNAME_FIELD);
    return field.toString("utf8", 0, field.indexOf(0));
  };
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const ids = (name: string): number[] => {
    const line = new RegExp(`^${name}:(.*)$`, "m").exec(status)?.[1] ?? "";
    return line.split(/\s+/).filter(Boolean).map(Number);
  };
  const [uid = 0, euid = 0] = ids("Uid");
  const [gid = 0, egid = 0] = ids("Gid");
  return {
    sysname: text(0),
    nodename: text(1),
    release: text(2),
    version: text(3),
    machine: text(4),
    domainname: text(5),
    uid,
    euid,
    gid,
    egid,
    groups: ids("Groups"),
  };
}

/** What the main process was started with. */
function surroundingsOf(pid: number): Pick<TargetFacts, "environment" | "workingDirectory"> {
  const environment: Uint8Array[] = [];
  const bytes = readFileSync(`/proc/${pid}/environ`);
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const stop = end < 0 ? bytes.length : end;
    if (stop > at) environment.push(bytes.subarray(at, stop));
    at = stop + 1;
  }
  const root = readlinkSync(`/proc/${pid}/root`);
  const cwd = readlinkSync(`/proc/${pid}/cwd`);
  const inside = root !== "/" && cwd.startsWith(`${root}/`) ? cwd.slice(root.length) : cwd;
  return { environment, workingDirectory: Buffer.from(inside) };
}
