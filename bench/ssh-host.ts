/** An OpenSSH server for one connection at a time, on nobody's port. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class SshHost implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "elsewhere-bench-ssh-"));
  /** What ssh takes in front of the host's name. */
  readonly options: readonly string[];

  /** @param line a command line that runs the one that follows it, and stands between the two ends */
  constructor(line: string = "") {
    const key = join(this.folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = join(this.folder, "config");
    chmodSync(this.folder, 0o700);
    writeFileSync(
      config,
      `HostKey ${key}\nAuthorizedKeysFile ${key}.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n`,
    );
    if (!existsSync("/run/sshd")) mkdirSync("/run/sshd");
    const said = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      `ProxyCommand=${line} /usr/sbin/sshd -i -f ${config}`,
    ];
    this.options = ["-F", "none", "-i", key, ...said.flatMap((each) => ["-o", each])];
  }

  /** For a shell, in front of the remote command. */
  get command(): string {
    return ["ssh", ...this.options.map((each) => `'${each}'`), "bench"].join(" ");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
