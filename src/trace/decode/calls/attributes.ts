/** Extended attributes, and watching files. */
import { buffer, cString, lengthIn, outputBuffer, path } from "../buffer.ts";
import { decimal, directoryFd, fd, type CallFormats } from "../format.ts";
import { flags, maskedFlags } from "../named.ts";
import { openFlags } from "./opening.ts";

const xattrFlags = flags("xattrFlags", "XATTR_???");

const xattrValue = buffer(lengthIn("size"));

export const attributeCalls: CallFormats = {
  getxattr: { path, name: cString, value: outputBuffer(), size: decimal },
  lgetxattr: { path, name: cString, value: outputBuffer(), size: decimal },
  fgetxattr: { fd, name: cString, value: outputBuffer(), size: decimal },
  setxattr: { path, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  lsetxattr: { path, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  fsetxattr: { fd, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  listxattr: { path, list: outputBuffer(), size: decimal },
  llistxattr: { path, list: outputBuffer(), size: decimal },
  flistxattr: { fd, list: outputBuffer(), size: decimal },
  removexattr: { path, name: cString },
  lremovexattr: { path, name: cString },
  fremovexattr: { fd, name: cString },
  inotify_init1: { flags: flags("inotifyFlags", "IN_???") },
  inotify_add_watch: { fd, path, mask: flags("inotifyMask", "IN_???") },
  inotify_rm_watch: { fd, wd: decimal },
  fanotify_init: {
    flags: maskedFlags("fanotifyClass", 0xc, "fanotifyInitFlags", "FAN_???"),
    event_f_flags: openFlags,
  },
  fanotify_mark: {
    fanotify_fd: fd,
    flags: flags("fanotifyMarkFlags", "FAN_MARK_???"),
    mask: flags("fanotifyMask", "FAN_???"),
    fd: directoryFd,
    pathname: path,
  },
};
