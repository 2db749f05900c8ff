/** PostgreSQL, Redis and the servers of the visitor, in the network of a place and nowhere else. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../world/visit.ts";

/** What puts a command into a network, as its root. */
export interface Network {
  readonly enter: readonly string[];
  /** A directory of this machine that the place has as /srv. */
  readonly shared: string;
}

/** PostgreSQL runs as nobody's user: for root it refuses. */
const asNobody = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"];

export async function startServers(program: string, { enter, shared }: Network): Promise<AsyncDisposable> {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-servers-"));
  await using running = new AsyncDisposableStack();
  running.defer(() => rmSync(home, { recursive: true, force: true }));
  running.use(await start([...enter, program, "serve", shared], /ready/));
  running.use(
    await startPostgres(enter, {
      // initdb lets in those of 127.0.0.1 and ::1 alone.
      hosts: "host all all all scram-sha-256",
      settings: {
        listen_addresses: "10.77.0.2",
        unix_socket_directories: join(shared, "run"),
        max_connections: 8,
        max_wal_senders: 0,
        superuser_reserved_connections: 0,
        ssl: "on",
        ssl_cert_file: join(shared, "server.pem"),
        ssl_key_file: join(shared, "server.key"),
      },
    }),
  );
  running.use(await start([...enter, ...redis(home, shared)], /Ready to accept connections/));
  return running.move();
}

export interface Database {
  /** Lines of pg_hba.conf beside initdb's own. */
  readonly hosts?: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** PostgreSQL with the superuser "app", whose password is "secret". @param enter what puts a command into its network */
export async function startPostgres(
  enter: readonly string[],
  { hosts = "", settings }: Database,
): Promise<AsyncDisposable> {
  const home = mkdtempSync(join(tmpdir(), "elsewhere-postgres-"));
  await using running = new AsyncDisposableStack();
  running.defer(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const data = join(home, "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(home, "password"), "secret\n");
  const [unshare = "", ...args] = asNobody;
  // prettier-ignore
  execFileSync(unshare, [
    ...args, postgresProgram("initdb"), "--pgdata", data, "--username=app", "--auth=scram-sha-256",
    `--pwfile=${home}/password`, "--no-locale", "--encoding=UTF8", "--no-sync",
  ], { stdio: ["ignore", "ignore", "pipe"] });
  appendFileSync(join(data, "pg_hba.conf"), `${hosts}\n`);
  const options = Object.entries({ ...settings, fsync: "off" }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [...enter, ...asNobody, postgresProgram("postgres"), "-D", data, ...options];
  running.use(await start(command, /database system is ready to accept connections/));
  return running.move();
}

/** Until it is `ready`; disposing ends it. */
async function start([name = "", ...args]: readonly string[], ready: RegExp): Promise<AsyncDisposable> {
  const child = spawn(name, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  await said(child, ready);
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill("SIGINT"); // for PostgreSQL a fast shutdown
      if (child.exitCode === null && child.signalCode === null) await new Promise((end) => child.once("exit", end));
    },
  };
}

function redis(home: string, shared: string): string[] {
  const program = join(home, "redis-server");
  // Debian's redis-tools has the server as well, under the name of a tool that is the same executable.
  symlinkSync(existsSync("/usr/bin/redis-server") ? "/usr/bin/redis-server" : installed("redis-check-rdb"), program);
  // prettier-ignore
  return [
    program, "--bind", "10.77.0.3", "--port", "6379", "--unixsocket", join(shared, "run/redis.sock"),
    "--unixsocketperm", "777", "--protected-mode", "no", "--save", "", "--dir", home,
  ];
}

/** Debian has it in a folder by version. */
export function postgresProgram(name: string): string {
  const base = "/usr/lib/postgresql";
  const version = existsSync(base) ? readdirSync(base).sort().at(-1) : undefined;
  return version === undefined ? installed(name) : join(base, version, "bin", name);
}

/** Until it has said so on either of its outputs. @throws Error when it ends before */
function said(child: ChildProcess, ready: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (ready.test(output)) resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${child.spawnargs.join(" ")} ended with ${code}:\n${output}`)));
  });
}
