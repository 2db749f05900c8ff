/** What targets need of this machine, tried rather than guessed; hooks work without any of it. */
import { spawnSync } from "node:child_process";
import { errnoName, errnoText } from "../linux/errno.ts";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { findTool } from "../target/tools.ts";
import { namespaceSettingInTheWay } from "../target/user-namespaces.ts";
import type { Check, Finding } from "./doctor.ts";

const AT_FDCWD = -100;
/** struct open_how (include/uapi/linux/openat2.h): u64 flags, mode, resolve. */
const OPEN_HOW = 24;
const PATIENCE_MS = 10_000;

export const targetChecks: readonly Check[] = [
  { name: "openat2", why: "targets: keeps agents within a target's root", run: checkOpenat2 },
  { name: "pidfd_getfd", why: "targets: connections that begin there", run: checkPidfdGetfd },
  { name: "user namespaces", why: "embedded: and the demo", run: checkNamespaces },
  { name: "docker", why: "container:", run: () => checkEngine("docker") },
  { name: "podman", why: "container:", run: () => checkEngine("podman") },
  { name: "ssh", why: "ssh:", run: checkSsh },
];

const lacks = (found: string, fix: string): Finding => ({ ok: false, isOptional: true, found, fix });
const refused = (result: number): string => `${errnoName(-result) ?? result}: ${errnoText(-result)}`;

function checkOpenat2(): Finding {
  const kernel = new KernelCalls(requireHostMachine().calls);
  const result = kernel.makeNow("openat2", AT_FDCWD, "/", new Uint8Array(OPEN_HOW), OPEN_HOW);
  if (result < 0) return lacks(refused(result), "Linux 5.6 or newer, and a seccomp profile that allows it");
  kernel.makeNow("close", result);
  return { ok: true, found: "allowed" };
}

function checkPidfdGetfd(): Finding {
  const kernel = new KernelCalls(requireHostMachine().calls);
  const self = kernel.makeNow("pidfd_open", process.pid, 0);
  const result = self < 0 ? self : kernel.makeNow("pidfd_getfd", self, self, 0);
  for (const each of [self, result]) if (each >= 0) kernel.makeNow("close", each);
  if (result < 0) return lacks(refused(result), "Linux 5.6 or newer, and a seccomp profile that allows it");
  return { ok: true, found: "allowed" };
}

function checkNamespaces(): Finding {
  const unshare = findTool("unshare");
  if (unshare === undefined || findTool("nsenter") === undefined)
    return lacks("no unshare or nsenter", "install util-linux");
  const options = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--uts", "--fork", "true"];
  const { status, stderr } = spawnSync(unshare, options, { encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return { ok: true, found: "this user may make them" };
  return lacks(stderr.trim(), namespaceSettingInTheWay() ?? "in a container: --security-opt seccomp=unconfined");
}

function checkEngine(name: "docker" | "podman"): Finding {
  const path = findTool(name);
  if (path === undefined) return { ok: true, found: "not installed" };
  const { status, stderr } = spawnSync(path, ["ps", "--quiet"], { encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return { ok: true, found: "this user may use it" };
  const said = stderr.trim().split("\n")[0] ?? "it does not answer";
  const fix = /permission denied/i.test(said) ? "sudo usermod -aG docker $USER, then log in again" : "start it";
  return lacks(said, `${fix}; or do without ${name}`);
}

function checkSsh(): Finding {
  const path = findTool("ssh");
  if (path === undefined) return lacks("not installed", "install an ssh client (Debian: openssh-client)");
  return { ok: true, found: path };
}
