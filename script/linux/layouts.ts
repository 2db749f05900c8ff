/**
 * Where the fields of the kernel's structures lie, read from the debug information (DWARF) that the compiler
 * writes for them, so that no field list is kept by hand.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { record, union } from "./emit.ts";
import { machines, type KernelHeaders, type Machine } from "./headers.ts";

/** Structures of the UAPI headers, by header. */
const structures: Readonly<Record<string, string>> = {
  "asm/stat.h": "stat",
  "linux/stat.h": "statx statx_timestamp",
  "asm/statfs.h": "statfs",
  "linux/time_types.h": "__kernel_timespec __kernel_itimerspec __kernel_old_timeval __kernel_old_itimerval",
  "linux/time.h": "timezone",
  "linux/times.h": "tms",
  "linux/timex.h": "__kernel_timex",
  "linux/utime.h": "utimbuf",
  "linux/resource.h": "rlimit rlimit64 rusage",
  "linux/utsname.h": "new_utsname",
  "linux/sysinfo.h": "sysinfo",
  "linux/fcntl.h": "flock f_owner_ex",
  "linux/openat2.h": "open_how",
  "linux/sched.h": "clone_args",
  "linux/sched/types.h": "sched_attr",
  "linux/signal.h": "sigaction sigaltstack",
  "linux/signalfd.h": "signalfd_siginfo",
  "asm/siginfo.h": "siginfo sigevent",
  "linux/poll.h": "pollfd",
  "linux/eventpoll.h": "epoll_event",
  "linux/uio.h": "iovec",
  "linux/inotify.h": "inotify_event",
  "linux/in.h": "sockaddr_in ip_mreq ip_mreqn ip_mreq_source in_pktinfo group_req",
  "linux/in6.h": "sockaddr_in6 ipv6_mreq",
  "linux/ipv6.h": "in6_pktinfo",
  "linux/un.h": "sockaddr_un",
  "linux/netlink.h": "sockaddr_nl nlmsghdr",
  "linux/if_packet.h": "sockaddr_ll packet_mreq tpacket_stats",
  "linux/vm_sockets.h": "sockaddr_vm",
  "linux/filter.h": "sock_fprog sock_filter",
  "linux/tcp.h": "tcp_info",
  "linux/mount.h": "mount_attr mnt_id_req statmount",
  "linux/landlock.h": "landlock_ruleset_attr landlock_path_beneath_attr landlock_net_port_attr",
  "linux/io_uring.h": "io_uring_params io_sqring_offsets io_cqring_offsets",
  "linux/capability.h": "__user_cap_header_struct __user_cap_data_struct",
  "linux/mman.h": "cachestat cachestat_range",
  "linux/futex.h": "futex_waitv",
  "linux/mqueue.h": "mq_attr",
  "linux/sem.h": "sembuf",
  "linux/if.h": "ifreq ifconf",
  "linux/fs.h": "file_clone_range fstrim_range fsxattr",
  "asm/termios.h": "winsize termios",
  "linux/aio_abi.h": "iocb io_event",
  "linux/bpf.h": "",
};

/** Structures of the interface whose definition only the kernel's own headers hold. */
const privateStructures: Readonly<Record<string, string>> = {
  "include/linux/socket.h": "linger user_msghdr mmsghdr cmsghdr ucred",
  "include/linux/dirent.h": "linux_dirent64",
  "include/linux/fs.h": "file_handle",
};

interface Entry {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  readonly children: Entry[];
}

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly type: string;
}

export function generateLayouts(kernel: KernelHeaders): Map<string, string> {
  const perMachine = machines.map((machine) => ({ machine, layouts: layoutsOf(kernel, machine) }));
  const names = [...(perMachine[0]?.layouts.keys() ?? [])];
  const alike = (name: string): boolean => new Set(perMachine.map(({ layouts }) => layouts.get(name))).size === 1;
  const emit = (layouts: ReadonlyMap<string, string> | undefined, wanted: string[], comment: string): string =>
    union("LayoutName", wanted) +
    record(
      "layouts",
      `Readonly<Record<LayoutName, {
  readonly size: number;
  readonly fields: Readonly<Record<string, readonly [offset: number, type: string]>>;
}>>`,
      `${comment} Field → offset and type.`,
      wanted.map((name) => [name, layouts?.get(name) ?? ""]),
    );
  return new Map([
    ["layouts.ts", emit(perMachine[0]?.layouts, names.filter(alike), "Structures that are alike on every machine.")],
    ...perMachine.map(
      ({ machine, layouts }) =>
        [
          `layouts-${machine}.ts`,
          emit(
            layouts,
            names.filter((name) => !alike(name)),
            `Structures that are ${machine}'s own.`,
          ),
        ] as const,
    ),
  ]);
}

function layoutsOf(kernel: KernelHeaders, machine: Machine): Map<string, string> {
  const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");
  const wanted = [...Object.values(structures), ...Object.values(privateStructures)].flatMap(words);
  const definitions = Object.entries(privateStructures).flatMap(([path, names]) => {
    const text = readFileSync(join(kernel.common, path), "utf8");
    return words(names).map((name) => {
      const definition = new RegExp(`^struct ${name} \\{[^}]*\\}`, "m").exec(text)?.[0];
      if (definition === undefined) throw new Error(`${path} defines no struct ${name}`);
      return `${definition.replace(/__counted_by\(\w+\)/g, "")};\n`;
    });
  });
  const source = [
    "#include <linux/types.h>\n#include <stddef.h>\n",
    "typedef __u64 u64; typedef __s64 s64; typedef __u32 u32; typedef __u8 u8;\n",
    ...Object.keys(structures).map((header) => `#include <${header}>\n`),
    ...definitions,
    ...wanted.map((name, index) => `struct ${name} v${index};\n`),
    "int main(){}\n",
  ].join("");
  const executable = kernel.compile(machine, "layouts", source);
  const { byOffset, top } = readDwarf(executable);

  const result = new Map<string, string>();
  for (const name of wanted) {
    const entry = top.find(
      (candidate) =>
        candidate.tag === "structure_type" &&
        candidate.attributes.get("name") === name &&
        candidate.attributes.has("byte_size"),
    );
    if (entry === undefined) throw new Error(`${machine}: no struct ${name}`);
    const lines = fields(entry, 0, "", byOffset).map(
      (field) =>
        `      ${/^\w+$/.test(field.name) ? field.name : `"${field.name}"`}: [${field.offset}, "${field.type}"],\n`,
    );
    result.set(name, `{\n    size: ${entry.attributes.get("byte_size")},\n    fields: {\n${lines.join("")}    },\n  }`);
  }
  return result;
}

/** Members of a structure; those of nameless structures and unions inside it under their own or a dotted name. */
function fields(entry: Entry, base: number, prefix: string, byOffset: ReadonlyMap<string, Entry>): Field[] {
  return entry.children
    .filter((child) => child.tag === "member" && !child.attributes.has("bit_size"))
    .flatMap((member): Field[] => {
      const offset = base + Number(member.attributes.get("data_member_location") ?? 0);
      const own = member.attributes.get("name");
      const name = own === undefined ? prefix : `${prefix}${own}`;
      const type = strip(member, byOffset);
      // A union is seen through whether it has a name or not: what matters is which member applies.
      if (type?.tag === "union_type" || (type?.tag === "structure_type" && !type.attributes.has("name")))
        return fields(type, offset, own === undefined ? prefix : `${name}.`, byOffset);
      return [{ name, offset, type: typeName(type, byOffset) }];
    });
}

/** The type of an entry without typedefs and qualifiers. */
function strip(entry: Entry, byOffset: ReadonlyMap<string, Entry>): Entry | undefined {
  let type = byOffset.get(entry.attributes.get("type") ?? "");
  while (type && ["typedef", "const_type", "volatile_type"].includes(type.tag))
    type = byOffset.get(type.attributes.get("type") ?? "");
  return type;
}

/** "u32", "i64", "pointer", "char[16]", or the name of a structure. */
function typeName(type: Entry | undefined, byOffset: ReadonlyMap<string, Entry>): string {
  switch (type?.tag) {
    case "base_type": {
      const bits = Number(type.attributes.get("byte_size")) * 8;
      const encoding = type.attributes.get("encoding") ?? "";
      if (type.attributes.get("name") === "char") return "char";
      return `${/unsigned|boolean/.test(encoding) ? "u" : "i"}${bits}`;
    }
    case "enumeration_type":
      return `u${Number(type.attributes.get("byte_size")) * 8}`;
    case "array_type": {
      const bound = type.children.find((child) => child.tag === "subrange_type")?.attributes.get("upper_bound");
      return `${typeName(strip(type, byOffset), byOffset)}[${bound === undefined ? 0 : Number(bound) + 1}]`;
    }
    case "structure_type":
    case "union_type":
      return type.attributes.get("name") ?? "";
    case undefined:
    default:
      return "pointer";
  }
}

/** `readelf --debug-dump=info` as a tree: entries by their offset, and those of the outermost level. */
function readDwarf(executable: string): { byOffset: Map<string, Entry>; top: Entry[] } {
  const text = execFileSync("readelf", ["--debug-dump=info", "--wide", executable], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const byOffset = new Map<string, Entry>();
  const stack: Entry[] = [];
  for (const line of text.split("\n")) {
    const start = /^ *<(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)/.exec(line);
    if (start) {
      const depth = Number(start[1]);
      const entry: Entry = { tag: start[3] ?? "", attributes: new Map(), children: [] };
      byOffset.set(start[2] ?? "", entry);
      stack.length = depth;
      stack.at(-1)?.children.push(entry);
      stack.push(entry);
      continue;
    }
    // "<39f> DW_AT_name : (strp) (offset: 0x61d6): stat", "… : (ref4) <0x16b>, long unsigned int", "… : (data1) 144"
    const attribute = /^ +<[0-9a-f]+> +DW_AT_(\w+) *: \(\w+\) (?:\(offset: \w+\): )?(.*?)\s*$/.exec(line);
    if (attribute)
      stack.at(-1)?.attributes.set(attribute[1] ?? "", (attribute[2] ?? "").replace(/^<0x([0-9a-f]+)>.*$/, "$1"));
  }
  return {
    byOffset,
    top: [...byOffset.values()].flatMap((entry) => (entry.tag === "compile_unit" ? entry.children : [])),
  };
}
