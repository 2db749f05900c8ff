import { expect, test } from "vitest";
import { callsOf, parseStrace } from "./strace.ts";

test("finished, unfinished, failed and restarted calls", () => {
  const text = [
    '10 [0000000000408c0e] openat(AT_FDCWD, "/dev/null", O_RDONLY|O_CLOEXEC) = 3',
    "11 [0000000000408c0e] read(3,  <unfinished ...>",
    '10 [0000000000408c0e] newfstatat(AT_FDCWD, "absent (really)", 0xc0, 0) = -1 ENOENT (No such file or directory)',
    "11 [0000000000408c0e] <... read resumed>0xc000, 1) = -1 EAGAIN (Resource temporarily unavailable)",
    "10 [0000000000408c0e] waitid(P_PIDFD, 9,  <unfinished ...>",
    "10 [0000000000408c0e] <... waitid resumed>0xc0, WEXITED, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
    "10 [0000000000408c0e] --- SIGCHLD {si_signo=SIGCHLD} ---",
    "11 [????????????????] +++ exited with 0 +++",
    "11 [0000000000408c0e] read(5,  <unfinished ...>",
    "12 [0000000000408c0e] read(5,  <unfinished ...>",
    "10 [0000000000408a01] exit_group(0)           = ?",
    "11 [????????????????] <... read resumed> <unfinished ...>) = ?",
  ].join("\n");
  expect(parseStrace(text)).toEqual([
    { pid: 10, address: 0x408c0en, call: "openat", errno: null, restarted: false, returned: true },
    { pid: 11, address: 0x408c0en, call: "read", errno: "EAGAIN", restarted: false, returned: true },
    { pid: 10, address: 0x408c0en, call: "newfstatat", errno: "ENOENT", restarted: false, returned: true },
    { pid: 10, address: 0x408c0en, call: "waitid", errno: null, restarted: true, returned: true },
    { pid: 11, address: 0x408c0en, call: "read", errno: null, restarted: false, returned: false },
    { pid: 12, address: 0x408c0en, call: "read", errno: null, restarted: false, returned: false },
    { pid: 10, address: 0x408a01n, call: "exit_group", errno: null, restarted: false, returned: false },
  ]);
});

test("what a shell starts is foreign, what the program starts is not", () => {
  const text = [
    '10 [00007f0000000001] execve("/bin/setarch", ["setarch", "-R", "/program"], 0x7f /* 1 var */) = 0',
    '10 [00007f0000000001] execve("/program", ["program"], 0x7f /* 1 var */) = 0',
    "10 [0000000000408c0e] clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD <unfinished ...>",
    "11 [0000000000408c0e] dup3(3, 0, 0) = 0",
    '11 [0000000000408c0e] execve("/bin/sh", ["sh"], 0xc0 /* 1 var */ <unfinished ...>',
    "10 [0000000000408c0e] <... clone resumed>) = 11",
    "11 [00007f0000000001] <... execve resumed>) = 0",
    "11 [00007f0000000001] vfork( <unfinished ...>",
    '12 [00007f0000000001] execve("/program", ["program"], 0x7f /* 1 var */) = 0',
    "11 [00007f0000000001] <... vfork resumed>) = 12",
    "10 [0000000000408c0e] clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 13",
    '13 [0000000000408c0e] execve("/absent", ["absent"], 0xc0 /* 1 var */) = -1 ENOENT (No such file or directory)',
  ].join("\n");
  expect(callsOf("/program", parseStrace(text)).map(({ pid, call }) => `${pid} ${call}`)).toEqual([
    "10 execve",
    "10 clone",
    "11 dup3",
    "11 execve",
    "10 clone",
    "13 execve",
  ]);
});
