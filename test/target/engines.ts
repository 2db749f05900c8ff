/** Docker and Podman for tests: the real ones, with everything they keep in a directory of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findTool } from "../../src/target/tools.ts";
import { eventually, teller } from "./told.ts";

const execute = promisify(execFile);

/** An engine that runs, until it is disposed. */
export interface TestEngine extends AsyncDisposable {
  readonly name: "docker" | "podman";
  /** With which its command, and so we, find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs its command. @returns standard output @throws Error */
  run(...args: readonly string[]): Promise<string>;
}

/** Whether this machine's tests can have it: dockerd and cgroups take root. */
export const canRun = (name: TestEngine["name"]): boolean =>
  process.getuid?.() === 0 && findTool(name === "docker" ? "dockerd" : "podman") !== undefined;

/** The image that the targets of the tests are made of: the teller, two files, nothing else. */
export const IMAGE = "localhost/elsewhere-test:1";

/** @param group whose members may use its socket */
export async function startDocker(group: number): Promise<TestEngine> {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-docker-"));
  chmodSync(home, 0o711);
  const env = { DOCKER_HOST: `unix://${home}/docker.sock` };
  // prettier-ignore
  const daemon = spawn("dockerd", [
    "--data-root", `${home}/data`, "--exec-root", `${home}/exec`, "--pidfile", `${home}/pid`,
    "--host", env.DOCKER_HOST, "--group", String(group), "--iptables=false", "--bridge=none",
  ], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  daemon.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ready = async (): Promise<boolean> => {
    if (daemon.exitCode !== null) throw new Error(`dockerd does not run here:\n${log}`);
    return execute("docker", ["version"], { env: { ...process.env, ...env } }).then(
      () => true,
      () => false,
    );
  };
  await eventually(ready, 30_000);
  const engine = engineOf("docker", home, env, () => end(daemon));
  await importTeller(engine, home);
  return engine;
}

export async function startPodman(): Promise<TestEngine> {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-podman-"));
  // Where this very process may not raise limits, nor mount cgroups anew, Podman's own defaults fail.
  writeFileSync(
    join(home, "containers.conf"),
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n',
  );
  const storage = `[storage]\ndriver = "overlay"\ngraphroot = "${home}/graph"\nrunroot = "${home}/run"\n`;
  writeFileSync(join(home, "storage.conf"), storage);
  const env = {
    CONTAINERS_CONF: join(home, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(home, "storage.conf"),
    DOCKER_HOST: "unix:///nowhere", // this machine's own Docker is nobody's business here
  };
  const engine = engineOf("podman", home, env, async () => {
    // Podman mounts it for itself and leaves it so; what cleans up behind containers does it once more, later.
    await eventually(async () => {
      await execute("umount", [`${home}/graph/overlay`]).catch(() => undefined);
      return removed(home);
    });
  });
  await importTeller(engine, home);
  return engine;
}

function engineOf(
  name: TestEngine["name"],
  home: string,
  env: Readonly<Record<string, string>>,
  stop: () => Promise<void>,
): TestEngine {
  const run = async (...args: readonly string[]): Promise<string> =>
    (await execute(name, args, { env: { ...process.env, ...env } })).stdout;
  return {
    name,
    env,
    run,
    async [Symbol.asyncDispose]() {
      const left = (await run("ps", "--all", "--quiet")).split("\n").filter(Boolean);
      if (left.length > 0) await run("rm", "--force", ...left);
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function importTeller(engine: TestEngine, home: string): Promise<void> {
  const root = join(home, "root");
  mkdirSync(join(root, "srv"), { recursive: true });
  copyFileSync(await teller(), join(root, "teller"));
  writeFileSync(join(root, "srv/file"), "content\n");
  writeFileSync(join(root, "srv/secret"), "root's\n", { mode: 0o600 });
  await importImage(engine, IMAGE, root);
}

/** Makes an image of what is in the directory `root`, and nothing else. */
export async function importImage({ run }: TestEngine, image: string, root: string): Promise<void> {
  const archive = `${root}.tar`;
  await execute("tar", ["--create", "--numeric-owner", "--file", archive, "--directory", root, "."]);
  await run("import", archive, image);
  rmSync(archive);
}

/** @returns whether nothing of it is left, or in use */
function removed(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

async function end(daemon: ChildProcess): Promise<void> {
  daemon.kill("SIGTERM");
  if (daemon.exitCode === null) await once(daemon, "exit");
}
