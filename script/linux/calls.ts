/**
 * Call numbers of a machine, and each call's prototype.
 *
 * Numbers: amd64's asm/unistd_64.h is made by the kernel's build; arm64's is asm-generic/unistd.h under the
 * choices that arch/arm64 makes (its scripts/Makefile.syscalls: `renameat rlimit memfd_secret`, and NEW_STAT of
 * asm/unistd.h).
 * Prototypes: include/linux/syscalls.h and asm-generic/syscalls.h; where those give no argument names, or
 * none at all, the overrides below, after the SYSCALL_DEFINE of the same kernel.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { quote, record } from "./emit.ts";
import type { KernelHeaders, Machine } from "./headers.ts";

const unistd: Record<Machine, string> = {
  amd64: "#include <asm/unistd_64.h>\n",
  arm64: [
    ...["RENAMEAT", "SET_GET_RLIMIT", "MEMFD_SECRET", "NEW_STAT"].map((want) => `#define __ARCH_WANT_${want}`),
    "#include <asm-generic/unistd.h>\n",
  ].join("\n"),
};

/** Not calls: ends and gaps of the table, and the 32/64-bit halves that asm-generic defines the names from. */
const notCalls = /^(syscalls|arch_specific_syscall|3264_.*)$/;

export function callNumbers(kernel: KernelHeaders, machine: Machine): (readonly [name: string, number: number])[] {
  const names = [...kernel.macros(machine, unistd[machine]).keys()]
    .filter((name) => name.startsWith("__NR_"))
    .map((name) => name.slice("__NR_".length))
    .filter((name) => !notCalls.test(name));
  const print = names.map((name) => `__builtin_printf("%d\\n", __NR_${name});`);
  const numbers = kernel
    .run(machine, "numbers", `${unistd[machine]}int main(){${print.join("")}}`)
    .trim()
    .split("\n");
  return names
    .map((name, index) => [name, Number(numbers[index])] as const)
    .toSorted((left, right) => left[1] - right[1]);
}

/** Entry points whose name is not `sys_` and the call's name. */
const entryPoints: Record<string, string> = {
  stat: "newstat",
  fstat: "newfstat",
  lstat: "newlstat",
  umount2: "umount",
  sendfile: "sendfile64",
};

const clone = (last: string): string => `unsigned long clone_flags, unsigned long newsp, int *parent_tidptr, ${last}`;

/** SYSCALL_DEFINE of the same kernel, where the headers say less. `null`: a number that no kernel serves today. */
const overrides: Partial<Record<Machine | "both", Record<string, string | null>>> = {
  amd64: {
    clone: clone("int *child_tidptr, unsigned long tls"),
    arch_prctl: "int option, unsigned long arg2",
    iopl: "unsigned int level",
    modify_ldt: "int func, void *ptr, unsigned long bytecount",
  },
  arm64: {
    clone: clone("unsigned long tls, int *child_tidptr"),
  },
  both: {
    accept: "int fd, struct sockaddr *upeer_sockaddr, int *upeer_addrlen",
    accept4: "int fd, struct sockaddr *upeer_sockaddr, int *upeer_addrlen, int flags",
    bind: "int fd, struct sockaddr *umyaddr, int addrlen",
    connect: "int fd, struct sockaddr *uservaddr, int addrlen",
    fadvise64: "int fd, loff_t offset, size_t len, int advice",
    // The header's first prototype is the one of 32-bit machines.
    fanotify_mark: "int fanotify_fd, unsigned int flags, u64 mask, int fd, const char *pathname",
    getpeername: "int fd, struct sockaddr *usockaddr, int *usockaddr_len",
    getsockname: "int fd, struct sockaddr *usockaddr, int *usockaddr_len",
    io_submit: "aio_context_t ctx_id, long nr, struct iocb **iocbpp",
    listen: "int fd, int backlog",
    ppoll:
      "struct pollfd *ufds, unsigned int nfds, struct __kernel_timespec *tsp, const sigset_t *sigmask, size_t sigsetsize",
    pselect6: "int n, fd_set *inp, fd_set *outp, fd_set *exp, struct __kernel_timespec *tsp, void *sig",
    recvfrom: "int fd, void *ubuf, size_t size, unsigned int flags, struct sockaddr *addr, int *addr_len",
    rt_sigaction: "int sig, const struct sigaction *act, struct sigaction *oact, size_t sigsetsize",
    rt_sigreturn: "void",
    sendto: "int fd, void *buff, size_t len, unsigned int flags, struct sockaddr *addr, int addr_len",
    shutdown: "int fd, int how",
    socket: "int family, int type, int protocol",
    socketpair: "int family, int type, int protocol, int *usockvec",
    uname: "struct new_utsname *name",
    // Numbers without a call behind them.
    _sysctl: null,
    afs_syscall: null,
    create_module: null,
    epoll_ctl_old: null,
    epoll_wait_old: null,
    get_kernel_syms: null,
    get_thread_area: null,
    getpmsg: null,
    lookup_dcookie: null,
    nfsservctl: null,
    putpmsg: null,
    query_module: null,
    security: null,
    set_thread_area: null,
    tuxcall: null,
    uselib: "const char *library",
    vserver: null,
  },
};

export function generateCalls(kernel: KernelHeaders, machine: Machine): string {
  const numbers = callNumbers(kernel, machine);
  const declared = prototypes(kernel);
  const signatures: [string, string][] = [];
  for (const [name] of numbers) {
    const override = overrides[machine]?.[name] ?? overrides.both?.[name];
    if (override === null) continue;
    const signature = override ?? declared.get(entryPoints[name] ?? name);
    if (signature === undefined) throw new Error(`${machine}: no prototype of ${name}: add an override`);
    if (signature.split(", ").some((parameter) => !/^void$|[ *]\w+$/.test(parameter)))
      throw new Error(`${machine}: ${name}(${signature}) names no arguments: add an override`);
    signatures.push([name, quote(signature)]);
  }
  return (
    record(
      "numbers",
      "",
      "Kernel name → call number.",
      numbers.map(([name, number]) => [name, String(number)]),
    ) +
    record(
      "signatures",
      "Readonly<Record<string, string>>",
      "Kernel name → parameters as in C. No entry: the number has no call behind it any more.",
      signatures,
    )
  );
}

/** Every `asmlinkage long sys_NAME(…)`, markers for the kernel's own checkers removed. */
function prototypes(kernel: KernelHeaders): Map<string, string> {
  const text = ["include/linux/syscalls.h", "include/asm-generic/syscalls.h"]
    .map((path) => readFileSync(join(kernel.common, path), "utf8"))
    .join("\n");
  const found = new Map<string, string>();
  for (const [, name, parameters] of text.matchAll(/^asmlinkage long sys_(\w+)\(([^)]*)\)/gm)) {
    if (name === undefined || parameters === undefined || found.has(name)) continue;
    const clean = parameters
      .replace(/\b__user\b/g, "")
      .replace(/\bunsigned(?=\s+(?!int\b|long\b|char\b|short\b)[\w*])/g, "unsigned int")
      .replace(/\s+/g, " ")
      .replace(/ ?\* ?/g, " *")
      .replace(/\* \*/g, "**")
      .trim();
    found.set(name, clean);
  }
  return found;
}
