/**
 * The inside of the sandbox that the target `embedded` is. unshare(1) has made the namespaces (user, mount, process,
 * network, host name) and this process is the first in them: here they get what a container has. When it ends, the
 * kernel ends every process in there, and the mounts are gone with the last.
 */
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoName, errnoText } from "../linux/errno.ts";
import type { KernelCalls } from "../linux/kernel-calls.ts";
import type { Identity, TargetFacts } from "./identity.ts";

/** What {@link enterSandbox} is told, as JSON on the agent's standard input. */
export interface SandboxSettings {
  readonly root: string;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  /** Those of proc, sys, dev and tmp, directories of the root, that are to be filled. */
  readonly fill: readonly string[];
}

/** include/uapi/linux/mount.h */
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_BIND = 4096;
/** include/uapi/linux/sockios.h, include/uapi/linux/if.h, include/linux/socket.h */
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFNAMSIZ = 16;
const IFREQ_BYTES = 40;
const AF_INET = 2;
const SOCK_DGRAM = 2;

/** @throws Error that names the step that the kernel refuses */
export function enterSandbox(kernel: KernelCalls, { root, hostname, fill }: SandboxSettings): void {
  const must = (doing: string, result: number): number => {
    if (result < 0) throw new Error(`${doing}: ${errnoName(-result)}: ${errnoText(-result)}`);
    return result;
  };
  const mount = (type: string, source: string, target: string, flags: number, data = ""): number =>
    kernel.makeNow("mount", source, target, type, flags, data);

  // Of the new process namespace: /proc/self is to be this process, for itself as well.
  must("mount /proc", mount("proc", "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC));
  for (const name of fill) {
    const target = join(root, name);
    if (!lstatSync(target).isDirectory()) continue; // a link would lead out of the root
    if (name === "proc") must(`mount ${target}`, mount("proc", "proc", target, MS_NOSUID | MS_NODEV | MS_NOEXEC));
    // A kernel may refuse it where parts of /sys are hidden from us (fs/namespace.c, mount_too_revealing).
    if (name === "sys") mount("sysfs", "sysfs", target, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
    if (name === "tmp") must(`mount ${target}`, mount("tmpfs", "tmpfs", target, MS_NOSUID | MS_NODEV, "mode=1777"));
    if (name === "dev") {
      must(`mount ${target}`, mount("tmpfs", "tmpfs", target, MS_NOSUID, "mode=755"));
      fillDevices(target, (device) => must(`bind ${device}`, mount("", device, join(root, device), MS_BIND)));
    }
  }
  must("sethostname", kernel.makeNow("sethostname", hostname, Buffer.byteLength(hostname)));
  const socket = must("socket", kernel.makeNow("socket", AF_INET, SOCK_DGRAM, 0));
  must("loopback up", kernel.makeNow("ioctl", socket, SIOCSIFFLAGS, loopbackUp()));
  kernel.makeNow("close", socket);
}

/** The devices that every container has (OCI runtime specification, config-linux, Default Devices). */
const devices = ["null", "zero", "full", "random", "urandom", "tty"];

function fillDevices(directory: string, bind: (device: string) => void): void {
  for (const name of devices) {
    writeFileSync(join(directory, name), "");
    bind(`/dev/${name}`);
  }
  const links = { fd: "fd", stdin: "fd/0", stdout: "fd/1", stderr: "fd/2" };
  for (const [name, target] of Object.entries(links)) symlinkSync(`/proc/self/${target}`, join(directory, name));
}

/** struct ifreq (include/uapi/linux/if.h): the name, then the flags as a short. */
function loopbackUp(): Uint8Array {
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write("lo");
  request.writeUInt16LE(IFF_UP, IFNAMSIZ);
  return request;
}

/** The sandbox has no main process; this is what one would have been started with. */
export const sandboxFacts = (identity: Identity, { env, workdir }: SandboxSettings): TargetFacts => ({
  identity,
  environment: Object.entries(env).map(([name, value]) => Buffer.from(`${name}=${value}`)),
  workingDirectory: Buffer.from(workdir),
});

/** From standard input, to its end. */
export const readSettings = (): SandboxSettings => JSON.parse(readFileSync(0, "utf8")) as SandboxSettings;
