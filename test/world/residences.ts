/**
 * Where the program `resident` can live, a pair for each kind of target: it runs in one place, and here as if it were in
 * the other one, which is the same and untouched. In both there is nothing but what it reads, and itself.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmbedded } from "../../src/target/embedded.ts";
import { importImage, startDocker, startPodman, type TestEngine } from "../target/engines.ts";
import { startSshHost } from "../target/ssh-host.ts";
import { teller } from "../target/told.ts";
import { home } from "./homes.ts";

export interface Residence extends AsyncDisposable {
  /** For --target. */
  readonly target: string;
  /** What elsewhere needs to get there. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts the program inside the other place. */
  inside(args: readonly string[]): ChildProcess;
}

export const residences = {
  embedded: async (program: string): Promise<Residence> => {
    const [there, other] = [makeRoot(program), makeRoot(program)];
    const sandbox = await startEmbedded({ directory: there.root, workdir: "/srv" }, { progress: () => undefined });
    return {
      target: `embedded:${other.root}`,
      inside: (args) => sandbox.run("/bin/resident", args, { stdio }),
      async [Symbol.asyncDispose]() {
        await sandbox[Symbol.asyncDispose]();
        there[Symbol.dispose]();
        other[Symbol.dispose]();
      },
    };
  },
  process: async (program: string): Promise<Residence> => {
    const [there, other] = [makeRoot(program), makeRoot(program)];
    const [waiting, alike] = await Promise.all([waitIn(there.root), waitIn(other.root)]);
    return {
      target: `process:${alike.pid}`,
      inside: (args) => {
        const namespaces = ["--user", "--net", "--uts", "--pid", `--target=${waiting.pid}`, "--preserve-credentials"];
        const command = ["unshare", `--root=${there.root}`, "--wd=/srv", "/bin/resident", ...args];
        return spawn("nsenter", [...namespaces, "--", ...command], { env: surroundings, stdio });
      },
      async [Symbol.asyncDispose]() {
        for (const each of [waiting, alike]) {
          const ended = once(each.holder, "close");
          each.holder.kill("SIGKILL");
          await ended;
        }
        there[Symbol.dispose]();
        other[Symbol.dispose]();
      },
    };
  },
  docker: (program: string): Promise<Residence> => inContainers(program, startDocker(0)),
  podman: (program: string): Promise<Residence> => inContainers(program, startPodman()),
  ssh: async (program: string): Promise<Residence> => {
    const [there, other] = [makeHost(program), makeHost(program)];
    const [mine, its] = [await startHost(there.root), await startHost(other.root)];
    return {
      target: "ssh:faraway",
      env: { PATH: its.path },
      inside: (args) =>
        spawn("ssh", ["-T", "faraway", "cd /srv && exec /bin/resident", ...args], {
          env: { ...process.env, PATH: mine.path },
          stdio,
        }),
      [Symbol.asyncDispose]() {
        for (const each of [mine, its, there, other]) each[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
const surroundings = { PATH: "/bin", HOME: "/srv", APP_NAME: "resident", APP_MODE: "far" };
/** Who the containers' programs are: no root. */
const APP = 1000;

interface Root extends Disposable {
  readonly root: string;
}

/** Everything that the program reads, the program, and one that waits. */
function makeRoot(program: string, more: Readonly<Record<string, string>> = {}): Root {
  const root = mkdtempSync(join(tmpdir(), "elsewhere-residence-"));
  for (const [path, content] of Object.entries({ ...home.files, ...more })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    utimesSync(join(root, path), when, when);
  }
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(program, join(root, "bin/resident"));
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}
const when = new Date("2021-05-05T05:05:05Z");

/** A process that waits in namespaces of its own, in `root`. */
async function waitIn(root: string): Promise<{ readonly holder: ChildProcess; readonly pid: number }> {
  copyFileSync(await teller(), join(root, "bin/teller"));
  const script = 'hostname faraway && exec unshare --root="$0" --wd=/srv /bin/teller wait';
  const namespaces = ["--user", "--map-root-user", "--net", "--uts", "--pid", "--fork", "--kill-child"];
  const holder = spawn("unshare", [...namespaces, "/bin/sh", "-c", script, root], {
    env: { ...surroundings, PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const [pid] = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim().split(" ");
  return { holder, pid: Number(pid) };
}

async function inContainers(program: string, starting: Promise<TestEngine>): Promise<Residence> {
  const engine = await starting;
  const image = "localhost/elsewhere-resident:1";
  const made = makeRoot(program);
  copyFileSync(await teller(), join(made.root, "bin/teller"));
  for (const path of ["srv", "srv/data", "run/secrets/token"]) chownSync(join(made.root, path), APP, APP);
  await importImage(engine, image, made.root);
  made[Symbol.dispose]();
  // prettier-ignore
  const options = [
    "--network=none", "--hostname=faraway", `--user=${APP}:${APP}`, "--workdir=/srv",
    // Podman writes a container's own name into its hosts.
    ...(engine.name === "podman" ? ["--no-hosts"] : []),
    ...Object.entries(surroundings).map(([name, value]) => `--env=${name}=${value}`),
  ];
  for (const name of ["there", "other"])
    await engine.run("run", "--detach", `--name=${name}`, ...options, image, "/bin/teller", "wait");
  return {
    target: "container:other",
    env: engine.env,
    inside: (args) =>
      spawn(engine.name, ["exec", "there", "/bin/resident", ...args], {
        env: { ...process.env, ...engine.env },
        stdio,
      }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** A root with what sshd and its shell need of this machine besides: mounted, when they are started. */
function makeHost(program: string): Root {
  const users = String(home.files?.["/etc/passwd"]);
  return makeRoot(program, {
    "/etc/passwd": `${users}sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n`,
    "/etc/shells": "/bin/sh\n",
    "/run/sshd/.keep": "",
    "/tmp/.keep": "",
    "/root/.keep": "",
    "/proc/.keep": "",
    "/dev/.keep": "",
    "/opt/node/.keep": "",
  });
}

/** A host in `root`, with a name and files of its own, on this machine's loopback. */
async function startHost(root: string): Promise<Disposable & { readonly path: string }> {
  const script = `
set -e
root=$1 node=$2 keys=$3
shift 3
hostname faraway
for name in usr lib lib64 sbin; do mkdir -p "$root/$name"; mount --rbind "/$name" "$root/$name"; done
mkdir -p "$root/$keys"
mount --bind "$keys" "$root/$keys"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --bind "$node" "$root/opt/node"
exec chroot "$root" "$@"`;
  execFileSync("cp", ["--dereference", "--no-clobber", "/bin/sh", join(root, "bin/sh")]);
  const env = Object.entries({ ...surroundings, PATH: "/opt/node:/usr/bin:/bin" }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return startSshHost({
    hosts: { faraway: `SetEnv ${env.join(" ")}` },
    within: (keys) => [
      "unshare",
      "--mount",
      "--uts",
      "--",
      "sh",
      "-c",
      script,
      "host",
      root,
      dirname(process.execPath),
      keys,
    ],
  });
}
