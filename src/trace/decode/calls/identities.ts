/** Users, groups, capabilities. */
import {
  argument,
  decimal,
  id,
  list,
  output,
  type CallFormats,
  type Format,
  type OutputFormat,
  type Scope,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, nameOf } from "../named.ts";
import { u32 } from "../../../linux/scalar.ts";
import { arrayOf, countIn, number, outputOfOne, pointerTo, structure, type Structure } from "../structure.ts";
import { nullPointer, pointer as pointerOf, type Decoded } from "../value.ts";

const groups: Structure = number("u32", id);

const groupList: Format = arrayOf(groups, countIn("gidsetsize"));

const groupsReturned: OutputFormat = {
  leave: (scope) => {
    const one = groups(scope);
    const room = argument(scope, "gidsetsize");
    return (address, call) => {
      const count = Number(call.result ?? 0n);
      if (!call.succeeded || room(call) === 0n) return pointerOf(address);
      const bytes = readExactly(call.memory, BigInt(address), count * one.size);
      if (bytes === undefined) return pointerOf(address);
      const items = Array.from({ length: Math.min(count, scope.stringLimit) }, (_, index) =>
        one.print(bytes, index * one.size, call),
      );
      return list(items, count > scope.stringLimit);
    };
  },
};

const idOut: OutputFormat = outputOfOne(groups);

const threeUsers = { ruid: id, euid: id, suid: id };

const threeGroups = { rgid: id, egid: id, sgid: id };

const capabilities = (low: number, high: number, scope: Scope): Decoded => {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 0) continue;
    names.push(`1<<${nameOf(scope.abi.constants.capability, bit) ?? bit}`);
  }
  return names.length === 0
    ? { text: "0", value: "0" }
    : { text: names.join("|"), value: names.map((name) => name.slice(3)).join("|") };
};

const capabilityHeader: Format = pointerTo(
  structure("__user_cap_header_struct", {
    version: enumeration("capabilityVersion", "_LINUX_CAPABILITY_VERSION_???"),
    pid: decimal,
  }),
);

/** The version of the interface says how many words a set has: one, or since the second two. */
const firstVersion = 0x1998_0330;

const capabilityData: Format = (scope) => {
  const header = argument(scope, "header");
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const head = readExactly(call.memory, header(call), 8);
    if (head === undefined) return pointerOf(address);
    const wide = u32(head, 0) !== firstVersion;
    const bytes = readExactly(call.memory, BigInt(address), wide ? 24 : 12);
    if (bytes === undefined) return pointerOf(address);
    const parts = ["effective", "permitted", "inheritable"].map((name, index) => {
      const set = capabilities(u32(bytes, index * 4), wide ? u32(bytes, 12 + index * 4) : 0, scope);
      return [name, set] as const;
    });
    return {
      text: `{${parts.map(([name, set]) => `${name}=${set.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, set]) => [name, set.value])),
    };
  };
};

export const identityCalls: CallFormats = {
  getpgid: { pid: decimal },
  getsid: { pid: decimal },
  setpgid: { pid: decimal, pgid: decimal },
  setuid: { uid: id },
  setgid: { gid: id },
  setreuid: { ruid: id, euid: id },
  setregid: { rgid: id, egid: id },
  setresuid: threeUsers,
  setresgid: threeGroups,
  setfsuid: { uid: id },
  setfsgid: { gid: id },
  getresuid: { ruid: idOut, euid: idOut, suid: idOut },
  getresgid: { rgid: idOut, egid: idOut, sgid: idOut },
  getgroups: { gidsetsize: decimal, grouplist: groupsReturned },
  setgroups: { gidsetsize: decimal, grouplist: groupList },
  capget: { header: capabilityHeader, dataptr: output(capabilityData) },
  capset: { header: capabilityHeader, data: capabilityData },
};
