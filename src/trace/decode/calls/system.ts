/** Mounts, and what is left: random numbers, sandboxes, io_uring, modules, keys. */
import type { JsonValue } from "../../record.ts";
import { buffer, cString, lengthIn, lengthReturned, outputBuffer, path } from "../buffer.ts";
import {
  argument,
  decimal,
  directoryFd,
  fd,
  hex,
  output,
  pointer,
  type CallFormats,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, flags, flagsOf, nameOf } from "../named.ts";
import { u32, u64 } from "../../../linux/scalar.ts";
import { pointerTo, structure, type Structure } from "../structure.ts";
import { nullPointer, pointer as pointerOf } from "../value.ts";
import { ioctlArgument, ioctlRequest } from "./ioctl.ts";

const atFlags = flags("atFlags", "AT_???");

/** mount(2)'s old magic number in the upper half of the flags (include/uapi/linux/mount.h). */
const mountFlags: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(BigInt.asUintN(32, BigInt(value)));
    const magic = (bits & 0xffff_0000) >>> 0 === 0xc0ed_0000;
    const rest = flagsOf(abi.constants.mountFlags, magic ? bits & 0xffff : value, "MS_???");
    const text = magic ? `MS_MGC_VAL${(bits & 0xffff) === 0 ? "" : `|${rest.text}`}` : rest.text;
    return { text, value: magic ? text : rest.value };
  };

const mountAttributes: Format = pointerTo(
  structure("mount_attr", {
    attr_set: flags("mountAttributes", "MOUNT_ATTR_???"),
    attr_clr: flags("mountAttributes", "MOUNT_ATTR_???"),
    propagation: flags("mountFlags", "MS_???"),
    userns_fd: decimal,
  }),
);

/** As many fields as the program's size says it knows. */
const rulesetAttributes: Format = (scope) => {
  const size = argument(scope, "size");
  const { constants } = scope.abi;
  const known = [
    ["handled_access_fs", constants.landlockFileAccess, "LANDLOCK_ACCESS_FS_???"],
    ["handled_access_net", constants.landlockNetworkAccess, "LANDLOCK_ACCESS_NET_???"],
    ["scoped", constants.landlockScope, "LANDLOCK_SCOPE_???"],
  ] as const;
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const given = Math.min(Number(size(call)), known.length * 8) & ~7;
    const bytes = given < 8 ? undefined : readExactly(call.memory, BigInt(address), given);
    if (bytes === undefined) return pointerOf(address);
    const parts = known
      .slice(0, given / 8)
      .map(([name, values, unknown], index) => [name, flagsOf(values, u64(bytes, index * 8), unknown)] as const);
    return {
      text: `{${parts.map(([name, part]) => `${name}=${part.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])),
    };
  };
};

const landlockRule: Format = (scope) => {
  const path = pointerTo(
    structure("landlock_path_beneath_attr", {
      allowed_access: flags("landlockFileAccess", "LANDLOCK_ACCESS_FS_???"),
      parent_fd: decimal,
    }),
  )(scope);
  const port = pointerTo(
    structure("landlock_net_port_attr", {
      allowed_access: flags("landlockNetworkAccess", "LANDLOCK_ACCESS_NET_???"),
      port: decimal,
    }),
  )(scope);
  const register = argument(scope, "rule_type");
  return (value, call) => {
    const type = Number(register(call) & 0xffff_ffffn);
    return type === 1 ? path(value, call) : type === 2 ? port(value, call) : pointerOf(value);
  };
};

/** struct io_uring_params: what the program asks for, and what it gets (include/uapi/linux/io_uring.h). */
const ringOffsets = (layout: "io_sqring_offsets" | "io_cqring_offsets", last: readonly string[]): Structure =>
  structure(
    layout,
    Object.fromEntries(["head", "tail", "ring_mask", "ring_entries", ...last].map((name) => [name, decimal])),
  );

const uringParameters: OutputFormat = {
  enter: (scope) => {
    const { size } = scope.abi.layouts.io_uring_params;
    return (address, call) => {
      const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), size);
      if (bytes === undefined) return pointerOf(address);
      const set = flagsOf(scope.abi.constants.uringSetupFlags, u32(bytes, 8), "IORING_SETUP_???");
      const [cpu, idle] = [u32(bytes, 12), u32(bytes, 16)];
      return {
        text: `{flags=${set.text}, sq_thread_cpu=${cpu}, sq_thread_idle=${idle}}`,
        value: { flags: set.value, sq_thread_cpu: cpu, sq_thread_idle: idle },
      };
    };
  },
  leave: (scope) => {
    const { size, fields } = scope.abi.layouts.io_uring_params;
    const submission = ringOffsets("io_sqring_offsets", ["flags", "dropped", "array"])(scope);
    const completion = ringOffsets("io_cqring_offsets", ["overflow", "cqes", "flags"])(scope);
    return (address, call, entered) => {
      const bytes = call.succeeded && address !== 0n ? readExactly(call.memory, BigInt(address), size) : undefined;
      if (bytes === undefined || typeof entered?.value !== "object" || entered.value === null) return entered;
      const features = flagsOf(scope.abi.constants.uringFeatures, u32(bytes, 20), "IORING_FEAT_???");
      const [entries, completions] = [u32(bytes, 0), u32(bytes, 4)];
      const sq = submission.print(bytes, fields["sq_off"]?.[0] ?? 0, call);
      const cq = completion.print(bytes, fields["cq_off"]?.[0] ?? 0, call);
      return {
        text:
          `${entered.text.slice(0, -1)}, sq_entries=${entries}, cq_entries=${completions}, ` +
          `features=${features.text}, sq_off=${sq.text}, cq_off=${cq.text}}`,
        value: {
          ...(entered.value as Readonly<Record<string, JsonValue>>),
          sq_entries: entries,
          cq_entries: completions,
          features: features.value,
          sq_off: sq.value,
          cq_off: cq.value,
        },
      };
    };
  },
};

/** A key by number, or by a name that stands for one. */
const keySerial: Format =
  ({ abi }) =>
  (value) => {
    const name = nameOf(abi.constants.keySpecial, value);
    return name === undefined ? { text: `${value}`, value: Number(value) } : { text: name, value: name };
  };

/** reboot's last argument belongs to LINUX_REBOOT_CMD_RESTART2. */
const restartCommand: Format = (scope) => {
  const register = argument(scope, "cmd");
  const print = cString(scope);
  return (value, call) =>
    nameOf(scope.abi.constants.rebootCommand, register(call) & 0xffff_ffffn) === "LINUX_REBOOT_CMD_RESTART2"
      ? print(value, call)
      : undefined;
};

export const systemCalls: CallFormats = {
  mount: { dev_name: path, dir_name: path, type: cString, flags: mountFlags, data: cString },
  umount2: { name: path, flags: flags("unmountFlags", "MNT_???") },
  pivot_root: { new_root: path, put_old: path },
  open_tree: { dfd: directoryFd, path, flags: flags("openTreeFlags", "OPEN_TREE_???") },
  move_mount: {
    from_dfd: directoryFd,
    from_path: path,
    to_dfd: directoryFd,
    to_path: path,
    ms_flags: flags("moveMountFlags", "MOVE_MOUNT_???"),
  },
  mount_setattr: { dfd: directoryFd, path, flags: atFlags, uattr: mountAttributes, usize: decimal },
  fsopen: { fs_name: cString, flags: flags("fsopenFlags", "FSOPEN_???") },
  fsmount: {
    fs_fd: fd,
    flags: flags("fsmountFlags", "FSMOUNT_???"),
    ms_flags: flags("mountAttributes", "MOUNT_ATTR_???"),
  },
  fspick: { dfd: directoryFd, path, flags: flags("fspickFlags", "FSPICK_???") },
  fsconfig: {
    fs_fd: fd,
    cmd: enumeration("fsconfigCommand", "FSCONFIG_???"),
    key: cString,
    value: cString,
    aux: decimal,
  },
  swapon: { specialfile: path, swap_flags: flags("swapFlags", "SWAP_FLAG_???") },
  swapoff: { specialfile: path },
  syncfs: { fd },
  fsync: { fd },
  fdatasync: { fd },

  ioctl: { fd, cmd: ioctlRequest, arg: ioctlArgument },

  getrandom: {
    buf: output(buffer(lengthReturned, { hex: true })),
    count: decimal,
    flags: flags("randomFlags", "GRND_???"),
  },
  landlock_create_ruleset: {
    attr: rulesetAttributes,
    size: decimal,
    flags: flags("landlockCreateFlags", "LANDLOCK_CREATE_RULESET_???"),
  },
  landlock_add_rule: {
    ruleset_fd: fd,
    rule_type: enumeration("landlockRule", "LANDLOCK_RULE_???"),
    rule_attr: landlockRule,
    flags: hex,
  },
  landlock_restrict_self: { ruleset_fd: fd, flags: hex },
  io_uring_setup: { entries: decimal, p: uringParameters },
  io_uring_enter: {
    fd,
    to_submit: decimal,
    min_complete: decimal,
    flags: flags("uringEnterFlags", "IORING_ENTER_???"),
    argp: pointer,
    argsz: decimal,
  },
  io_uring_register: { fd, op: enumeration("uringRegister", "IORING_REGISTER_???"), arg: pointer, nr_args: decimal },
  bpf: { cmd: enumeration("bpfCommand", "BPF_???"), attr: pointer, size: decimal },
  perf_event_open: {
    attr_uptr: pointer,
    pid: decimal,
    cpu: decimal,
    group_fd: fd,
    flags: flags("perfFlags", "PERF_FLAG_???"),
  },
  init_module: { umod: pointer, len: decimal, uargs: cString },
  finit_module: { fd, uargs: cString, flags: flags("moduleFlags", "MODULE_INIT_???") },
  delete_module: { name_user: cString, flags: flags("moduleRemoveFlags", "O_???") },
  reboot: {
    magic1: enumeration("rebootMagic", "LINUX_REBOOT_MAGIC_???"),
    magic2: enumeration("rebootMagic", "LINUX_REBOOT_MAGIC_???"),
    cmd: enumeration("rebootCommand", "LINUX_REBOOT_CMD_???"),
    arg: restartCommand,
  },
  sethostname: { name: buffer(lengthIn("len")), len: decimal },
  setdomainname: { name: buffer(lengthIn("len")), len: decimal },
  syslog: { type: decimal, buf: outputBuffer(), len: decimal },
  add_key: {
    _type: cString,
    _description: cString,
    _payload: buffer(lengthIn("plen")),
    plen: decimal,
    destringid: keySerial,
  },
  request_key: { _type: cString, _description: cString, _callout_info: cString, destringid: keySerial },
  keyctl: { cmd: enumeration("keyctlCommand", "KEYCTL_???"), arg2: hex, arg3: hex, arg4: hex, arg5: hex },
};
