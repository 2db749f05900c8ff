/** A host behind the real ssh and sshd, on this machine's loopback, with keys and settings of their own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import type { Duplex } from "node:stream";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Session } from "../../src/session/session.ts";
import { findTool } from "../../src/target/tools.ts";
import { eventually, heldSession, startTarget, teller, toldBySession, toldInside } from "./told.ts";

const sshd = findTool("sshd");

describe("ssh", { skip: sshd === undefined || process.getuid?.() !== 0 }, () => {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-ssh-"));
  /** TMPDIR and HOME at the host. */
  const [temporary, atHost] = [join(home, "tmp"), join(home, "home")];
  let server: ChildProcess;

  beforeAll(async () => {
    for (const directory of [temporary, atHost, join(home, "bin")]) mkdirSync(directory);
    mkdirSync("/run/sshd", { recursive: true });
    for (const name of ["host", "user"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(home, name)]);
    const [port, portWithNode] = [await freePort(), await freePort()];
    writeFileSync(
      join(home, "sshd_config"),
      `Port ${port}\nPort ${portWithNode}\nListenAddress 127.0.0.1\nHostKey ${home}/host\nAuthorizedKeysFile ${home}/user.pub\nPidFile none\n` +
        `StrictModes no\nUsePAM no\nSetEnv TMPDIR=${temporary} XDG_CACHE_HOME=${atHost}\n` +
        `Match LocalPort ${portWithNode}\nSetEnv PATH=${dirname(process.execPath)}:/usr/bin:/bin TMPDIR=${temporary} XDG_CACHE_HOME=${atHost}\n`,
    );
    const config = `HostName 127.0.0.1\nStrictHostKeyChecking no\nLogLevel ERROR\n`;
    writeFileSync(
      join(home, "config"),
      `UserKnownHostsFile /dev/null\nHost with-node\nPort ${portWithNode}\nHost *\nPort ${port}\n` +
        `Host there with-node\n${config}IdentityFile ${home}/user\n` +
        `Host stranger\n${config}IdentityFile ${home}/host\nIdentitiesOnly yes\nBatchMode yes\n`,
    );
    // The user's own ssh, with a configuration that is not in the home directory.
    const ssh = join(home, "bin/ssh");
    writeFileSync(ssh, `#!/bin/sh\nexec ${findTool("ssh")} -F ${home}/config "$@"\n`);
    chmodSync(ssh, 0o755);
    process.env["PATH"] = [join(home, "bin"), process.env["PATH"]].join(delimiter);
    server = spawn(sshd ?? "", ["-D", "-e", "-f", join(home, "sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
    await once(server.stderr ?? server, "data"); // "Server listening"
  });

  afterAll(() => {
    server.kill();
    rmSync(home, { recursive: true });
  });

  beforeEach(() => rmSync(join(atHost, "elsewhere"), { recursive: true, force: true }));

  test("a session tells what a program finds that ssh starts there, and leaves nothing", async () => {
    const file = join(atHost, "file");
    writeFileSync(file, "content\n");
    copyFileSync(await teller(), join(atHost, "teller"));
    const inside = await toldInside(["ssh", "there", join(atHost, "teller"), "tell", file]);
    const agent = await startTarget("ssh:there");
    expect(readdirSync(temporary)).toHaveLength(1);
    const told = await toldBySession(agent, file);
    const connection = /^(?:SSH_CLIENT|SSH_CONNECTION|_|SHLVL)=/;
    const alike = (environment: readonly string[]): string[] => environment.filter((each) => !connection.test(each));
    expect({ ...told, environment: alike(told.environment) }).toEqual({
      ...inside,
      environment: alike(inside.environment),
    });
    await agent.ended;
    expect(readdirSync(temporary)).toEqual([]);
    expect(existsSync(join(atHost, "elsewhere"))).toBe(false);
  });

  test("told to keep, it brings nothing the second time", async () => {
    const steps: string[] = [];
    for (let times = 0; times < 2; times++) {
      const agent = await startTarget("ssh:with-node", { keep: true, progress: (doing) => steps.push(doing) });
      await toldBySession(agent, "/");
      await agent.ended;
    }
    expect(steps.filter((step) => step.startsWith("bringing"))).toEqual(["bringing elsewhere to with-node"]);
    expect(readdirSync(join(atHost, "elsewhere"))).toHaveLength(1);
  });

  test("what is killed leaves nothing there: the supervisor, ssh, the agent", async () => {
    const holder = await heldSession("ssh:with-node");
    expect(readdirSync(temporary)).toHaveLength(1);
    process.kill(holder.pid, "SIGKILL");
    await eventually(() => readdirSync(temporary).length === 0);

    for (const pattern of ["ssh -F .* with-node exec", `${temporary}/.* agent --root /`]) {
      const agent = await startTarget("ssh:with-node");
      const { promise: lost, resolve: listen } = Promise.withResolvers<unknown>();
      const connect = (): Promise<Duplex> => Promise.resolve(agent.connection);
      using session = await Session.open({ connect, release: "test", listen });
      const [pid] = execFileSync("pgrep", ["-f", pattern], { encoding: "utf8" }).split("\n");
      process.kill(Number(pid), "SIGKILL");
      await agent.ended;
      await lost;
      expect(session.target.identity).toBeDefined();
      await eventually(() => readdirSync(temporary).length === 0);
    }
  });

  test("what ssh says is told", async () => {
    await expect(startTarget("ssh:stranger")).rejects.toMatchObject({
      code: "target-unusable",
      message: "no agent could be started in stranger",
      context: [expect.stringContaining("Permission denied") as unknown],
    });
    await expect(startTarget("ssh:-oProxyCommand=false")).rejects.toMatchObject({ message: "which host?" });
    await expect(startTarget("ssh:no-such-host.invalid")).rejects.toMatchObject({ code: "target-unusable" });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
