/** Values of the kernel's that calls of the agent take. Flags of open differ by processor. */
import { abis } from "../linux/abi.ts";
import { requireHostMachine } from "../machine/machines.ts";

const { openFlags } = abis[requireHostMachine().name].constants;
const open = (name: string): number => openFlags.find(([each]) => each === name)?.[1] ?? 0;

const O_ACCMODE = 3;

export const flags: Readonly<Record<FlagName, number>> = {
  O_CREAT: open("O_CREAT"),
  O_APPEND: open("O_APPEND"),
  O_NONBLOCK: open("O_NONBLOCK"),
  O_TRUNC: open("O_TRUNC"),
  O_NOFOLLOW: open("O_NOFOLLOW"),
  O_CLOEXEC: open("O_CLOEXEC"),
  O_PATH: open("O_PATH"),
  O_TMPFILE: open("O_TMPFILE"),
  O_DIRECTORY: open("O_DIRECTORY"),
  /** VALID_OPEN_FLAGS (include/linux/fcntl.h) without FASYNC. */
  VALID_OPEN_FLAGS: openFlags.reduce((mask, [name, bit]) => (name === "FASYNC" ? mask : mask | bit), O_ACCMODE),
  /** O_PATH_FLAGS (fs/open.c). */
  VALID_PATH_FLAGS: open("O_DIRECTORY") | open("O_NOFOLLOW") | open("O_PATH") | open("O_CLOEXEC"),
  O_ACCMODE,
  // include/uapi/linux/fcntl.h
  AT_FDCWD: -100,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_SYMLINK_FOLLOW: 0x400,
  AT_EMPTY_PATH: 0x1000,
  AT_EACCESS: 0x200,
  F_DUPFD_CLOEXEC: 1030,
};

type FlagName =
  | "O_CREAT"
  | "O_APPEND"
  | "O_NONBLOCK"
  | "O_TRUNC"
  | "O_NOFOLLOW"
  | "O_CLOEXEC"
  | "O_PATH"
  | "O_TMPFILE"
  | "O_DIRECTORY"
  | "VALID_OPEN_FLAGS"
  | "VALID_PATH_FLAGS"
  | "O_ACCMODE"
  | "AT_FDCWD"
  | "AT_SYMLINK_NOFOLLOW"
  | "AT_REMOVEDIR"
  | "AT_SYMLINK_FOLLOW"
  | "AT_EMPTY_PATH"
  | "AT_EACCESS"
  | "F_DUPFD_CLOEXEC";
