/** A host behind the real ssh and sshd, on this machine's loopback, with keys and settings of their own. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Duplex } from "node:stream";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Session } from "../../src/session/session.ts";
import { repository } from "../matrix/cache.ts";
import { canHaveSsh, type SshHost, startSshHost } from "./ssh-host.ts";
import { eventually, heldSession, startTarget, teller, toldBySession, toldInside } from "./told.ts";

describe("ssh", { skip: !canHaveSsh }, () => {
  const folder = mkdtempSync(join(tmpdir(), "elsewhere-at-host-"));
  /** TMPDIR and HOME at the host. */
  const [temporary, atHost] = [join(folder, "tmp"), join(folder, "home")];
  let host: SshHost;

  beforeAll(async () => {
    for (const directory of [temporary, atHost]) mkdirSync(directory);
    const there = `SetEnv TMPDIR=${temporary} XDG_CACHE_HOME=${atHost}`;
    host = await startSshHost({
      hosts: { there, "with-node": `${there} PATH=${dirname(process.execPath)}:/usr/bin:/bin` },
    });
    process.env["PATH"] = host.path;
  });

  afterAll(() => {
    host[Symbol.dispose]();
    rmSync(folder, { recursive: true });
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

  test("--keep on the command line keeps, and without it nothing stays", async () => {
    const program = await teller();
    for (const flags of [[], ["--keep"]]) {
      const args = ["exec", "--no-config", "--target", "ssh:with-node", ...flags, "--", program, "tell", "/"];
      execFileSync(process.execPath, [join(repository, "src/cli/main.ts"), ...args], { stdio: "pipe" });
      expect(existsSync(join(atHost, "elsewhere"))).toBe(flags.length > 0);
      expect(readdirSync(temporary)).toEqual([]);
    }
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
