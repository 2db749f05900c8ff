/** Hosts behind the real ssh and sshd, on this machine's loopback, with keys and settings of their own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findTool } from "../../src/target/tools.ts";

/** Whether this machine's tests can have it: sshd takes root. */
export const canHaveSsh: boolean = findTool("sshd") !== undefined && process.getuid?.() === 0;

export interface SshHostOptions {
  /** For sshd_config, by the host's name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** What stands in front of sshd's command line; told the folder that sshd reads. */
  readonly within?: (home: string) => readonly string[];
}

/** Named as in `ssh:NAME`, for as long as it is not disposed. "stranger" is the first host with a key that it does not know. */
export interface SshHost extends Disposable {
  /** A folder for whatever belongs to it. */
  readonly home: string;
  /** The PATH with an ssh that knows the hosts. */
  readonly path: string;
}

export async function startSshHost({ hosts, within = () => [] }: SshHostOptions): Promise<SshHost> {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-ssh-"));
  mkdirSync("/run/sshd", { recursive: true });
  mkdirSync(join(home, "bin"));
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(home, name)]);
  const ports = await Promise.all(Object.keys(hosts).map(freePort));
  writeFileSync(
    join(home, "sshd_config"),
    `${ports.map((port) => `Port ${port}\n`).join("")}ListenAddress 127.0.0.1\nHostKey ${home}/host\n` +
      `AuthorizedKeysFile ${home}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n` +
      Object.values(hosts)
        .map((settings, at) => `Match LocalPort ${ports[at]}\n${settings}\n`)
        .join(""),
  );
  const common = "HostName 127.0.0.1\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n";
  writeFileSync(
    join(home, "config"),
    Object.keys(hosts)
      .map((name, at) => `Host ${name}\n${common}Port ${ports[at]}\nIdentityFile ${home}/user\n`)
      .join("") +
      `Host stranger\n${common}Port ${ports[0]}\nIdentityFile ${home}/host\nIdentitiesOnly yes\nBatchMode yes\n`,
  );
  // The user's own ssh, with a configuration that is not in the home directory.
  const ssh = join(home, "bin/ssh");
  writeFileSync(ssh, `#!/bin/sh\nexec ${findTool("ssh")} -F ${home}/config "$@"\n`);
  chmodSync(ssh, 0o755);
  const sshd = [findTool("sshd") ?? "", "-D", "-e", "-f", join(home, "sshd_config")];
  const [command, ...args] = [...within(home), ...sshd];
  const server = spawn(command ?? "", args, { stdio: ["ignore", "ignore", "pipe"] });
  await listening(server);
  return {
    home,
    path: [join(home, "bin"), process.env["PATH"]].join(delimiter),
    [Symbol.dispose]() {
      server.kill();
      rmSync(home, { recursive: true });
    },
  };
}

async function listening({ stderr }: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(chunk);
    if (said.includes("listening")) break;
  }
  if (!said.includes("listening")) throw new Error(`sshd does not run here:\n${said}`);
  stderr?.resume();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
