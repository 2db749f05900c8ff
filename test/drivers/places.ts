/** A target of every kind, each with a network of its own: the visitor runs there, or here as if it were there. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { type Embedded, startEmbedded } from "../../src/target/embedded.ts";
import type { StartedAgent } from "../../src/target/target.ts";
import { tool } from "../../src/target/tools.ts";
import { IMAGE, startDocker, startPodman, type TestEngine } from "../target/engines.ts";
import { startTarget } from "../target/told.ts";
import type { Network } from "./servers.ts";

export interface Place extends AsyncDisposable, Network {
  /** Starts an agent there. */
  agent(): Promise<StartedAgent>;
  /** What the visitor prints that runs there. */
  inside(): Promise<string>;
}

/** How the place finds names. */
const etc = {
  "resolv.conf": "nameserver 10.77.0.53\nsearch example.internal\noptions timeout:1 attempts:1\n",
  hosts: "127.0.0.1 localhost\n10.77.0.6 inhosts\n",
  "nsswitch.conf": "hosts: files dns\n",
};

export const kinds = ["embedded", "process", "ssh", "docker", "podman"] as const;
export type Kind = (typeof kinds)[number];

export const places: Readonly<Record<Kind, (program: string) => Promise<Place>>> = {
  embedded: async (program) => {
    const sandbox = await startSandbox(program);
    return {
      ...sandboxed(sandbox),
      agent: () => Promise.resolve(sandbox),
      [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
    };
  },
  process: async (program) => {
    const sandbox = await startSandbox(program);
    const child = sandbox.run("/bin/visitor", ["wait"], { stdio: ["pipe", "ignore", "inherit"] });
    return {
      ...sandboxed(sandbox),
      agent: () => startTarget(`process:${childOf(child)}`),
      [Symbol.asyncDispose]: async () => {
        child.stdin?.end();
        await sandbox[Symbol.asyncDispose]();
      },
    };
  },
  ssh: startHost,
  docker: async (program) => inContainer(await startDocker(process.getgid?.() ?? 0), program),
  podman: async (program) => inContainer(await startPodman(), program),
};

async function startSandbox(program: string): Promise<Embedded> {
  const files = Object.fromEntries(Object.entries(etc).map(([name, content]) => [`/etc/${name}`, content]));
  const sandbox = await startEmbedded({ workdir: "/srv", env: { PATH: "/bin" }, files }, { progress: () => undefined });
  mkdirSync(join(sandbox.root, "bin"));
  copyFileSync(program, join(sandbox.root, "bin/visitor"));
  return sandbox;
}

const sandboxed = (sandbox: Embedded): Network & Pick<Place, "inside"> => ({
  enter: ["nsenter", "--target", String(sandbox.pid), "--user", "--net", "--preserve-credentials", "--"],
  shared: join(sandbox.root, "srv"),
  inside: () => outputOf(sandbox.run("/bin/visitor", ["visit"], { stdio: ["ignore", "pipe", "pipe"] })),
});

async function outputOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null || child.stderr === null) return "";
  return (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
}

/** The only child of nsenter(1), which stays in front of it when it enters a namespace of processes. */
const childOf = ({ pid }: ChildProcess): string =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim() || String(pid);

/** A directory with what a place has as /srv and as /etc. */
function prepare(): { readonly home: string; readonly shared: string; readonly configured: readonly string[] } {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-place-"));
  chmodSync(home, 0o755);
  const shared = join(home, "srv");
  mkdirSync(shared);
  for (const [name, content] of Object.entries(etc)) writeFileSync(join(home, name), content);
  return { home, shared, configured: Object.keys(etc) };
}

async function inContainer(engine: TestEngine, program: string): Promise<Place> {
  const { home, shared, configured } = prepare();
  Object.assign(process.env, engine.env);
  const volumes = [
    `${program}:/visitor`,
    `${shared}:/srv`,
    ...configured.map((name) => `${join(home, name)}:/etc/${name}`),
  ].flatMap((volume) => ["--volume", volume]);
  const main = ["--detach", "--interactive", "--name=api", "--network=none", "--workdir=/srv"];
  await engine.run("run", ...main, ...volumes, IMAGE, "/visitor", "wait");
  const pid = (await engine.run("inspect", "--format", "{{.State.Pid}}", "api")).trim();
  return {
    enter: ["nsenter", "--target", pid, "--net", "--"],
    shared,
    agent: () => startTarget("container:api"),
    inside: () => engine.run("exec", "api", "/visitor", "visit"),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      for (const variable of Object.keys(engine.env)) delete process.env[variable];
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A host behind SSH: this machine's files, another network. Each connection has an sshd of its own, on its pipes. */
async function startHost(program: string): Promise<Place> {
  const { home, shared, configured } = prepare();
  copyFileSync(program, join(shared, "visitor"));
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(home, name)]);
  mkdirSync("/run/sshd", { recursive: true });
  const binds = [
    `mount --bind ${shared} /srv`,
    ...configured.map((name) => `mount --bind ${home}/${name} /etc/${name}`),
  ];
  const script = `${binds.join(" && ")} && echo ready && exec cat`;
  const holder = spawn("unshare", ["--net", "--mount", "--", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const network = ["nsenter", "--target", String(holder.pid), "--net"];
  writeFileSync(
    join(home, "sshd_config"),
    `HostKey ${home}/host\nAuthorizedKeysFile ${home}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n`,
  );
  writeFileSync(
    join(home, "config"),
    `Host faraway\nProxyCommand ${network.join(" ")} --mount -- ${tool("sshd")} -i -f ${home}/sshd_config\n` +
      `IdentityFile ${home}/user\nUserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n`,
  );
  mkdirSync(join(home, "bin"));
  const path = process.env["PATH"] ?? "";
  writeFileSync(join(home, "bin/ssh"), `#!/bin/sh\nexec ${tool("ssh")} -F ${home}/config "$@"\n`, { mode: 0o755 });
  process.env["PATH"] = [join(home, "bin"), path].join(delimiter);
  return {
    enter: [...network, "--"],
    shared,
    agent: () => startTarget("ssh:faraway"),
    inside: async () => (await promisify(execFile)("ssh", ["faraway", "cd /srv && ./visitor visit"])).stdout,
    [Symbol.asyncDispose]: async () => {
      process.env["PATH"] = path;
      holder.stdin.end();
      if (holder.exitCode === null) await once(holder, "exit");
      rmSync(home, { recursive: true, force: true });
    },
  };
}
