/** A target whose server and files outlive any agent, and decoys here of both: nothing may ever reach those. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, copyFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "../../../src/session/session.ts";
import { type Embedded, startEmbedded } from "../../../src/target/embedded.ts";
import { childrenOf } from "./processes.ts";

const DECOY = "of this machine\n";
const decoys = ["draft-0", "rewritten-50", "untouched"];

export class Place implements AsyncDisposable {
  /** The path of a folder that both machines have. */
  readonly folder: string;
  /** $TMPDIR of all that is started for a run in here. */
  readonly temporary: string;
  readonly sandbox: Embedded;
  /** Of the server, as this process sees it: the process that is the target. */
  readonly pid: number;
  /** Of the server there, and of the decoy here. */
  readonly port: number;
  readonly #scratch: string;
  readonly #session: Session;
  readonly #decoy: Server;
  #arrivals: number;

  private constructor(parts: {
    scratch: string;
    sandbox: Embedded;
    session: Session;
    pid: number;
    decoy: Server;
    port: number;
  }) {
    this.#scratch = parts.scratch;
    this.folder = join(parts.scratch, "data");
    this.temporary = join(parts.scratch, "tmp");
    this.sandbox = parts.sandbox;
    this.#session = parts.session;
    this.pid = parts.pid;
    this.#decoy = parts.decoy;
    this.port = parts.port;
    this.#arrivals = 0;
    parts.decoy.on("connection", (socket) => {
      this.#arrivals++;
      socket.destroy();
    });
  }

  /** @param courier the built program */
  static async open(courier: string): Promise<Place> {
    const scratch = mkdtempSync(join(tmpdir(), "elsewhere-faults-"));
    const [root, folder] = [join(scratch, "root"), join(scratch, "data")];
    for (const each of [join(root, "bin"), join(root, folder), folder, join(scratch, "tmp")])
      mkdirSync(each, { recursive: true });
    for (const name of decoys) writeFileSync(join(folder, name), DECOY);
    copyFileSync(courier, join(root, "bin/courier"));
    const decoy = createServer().listen(0, "127.0.0.1");
    await once(decoy, "listening");
    const { port } = decoy.address() as AddressInfo;
    const sandbox = await startEmbedded({ directory: root, env: { PATH: "/bin" } }, { progress: () => undefined });
    const session = await Session.open({ connect: () => Promise.resolve(sandbox.connection), release: "test" });
    const server = sandbox.run("/bin/courier", ["serve", String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    if (server.stdout !== null) await once(server.stdout, "data");
    const [pid = 0] = childrenOf(server.pid ?? 0); // nsenter(1) forks to enter the process namespace
    return new Place({ scratch, sandbox, session, pid, decoy, port });
  }

  /** Where the target's folder is, for who is not in the target. */
  get there(): string {
    return join(this.sandbox.root, this.folder);
  }

  /**
   * What is not as it must be: with the files there, the decoys here, and what was left behind.
   * @param kept names of files that must be there
   */
  wrong(kept: readonly string[]): string[] {
    const found: string[] = [];
    const names = new Set(readdirSync(this.there));
    for (const name of kept) if (!names.has(name)) found.push(`${name} was delivered and is not there`);
    for (const name of names) {
      const sum = /^parcel-.*-([0-9a-f]{64})$/.exec(name)?.[1];
      if (sum === undefined) continue;
      const is = createHash("sha256")
        .update(readFileSync(join(this.there, name)))
        .digest("hex");
      if (is !== sum) found.push(`${name} is not whole`);
    }
    for (const name of readdirSync(this.folder))
      if (!decoys.includes(name) || readFileSync(join(this.folder, name), "utf8") !== DECOY)
        found.push(`here, ${name} was touched`);
    if (readdirSync(this.folder).length !== decoys.length) found.push("here, files are missing");
    if (this.#arrivals > 0) found.push(`${this.#arrivals} connections came here`);
    const left = readdirSync(this.temporary);
    if (left.length > 0) found.push(`left in $TMPDIR: ${left.join(", ")}`);
    return found;
  }

  /** The target is gone, with everything in it. */
  async stop(): Promise<void> {
    if (this.sandbox.pid !== undefined) process.kill(this.sandbox.pid, "SIGKILL");
    await this.sandbox.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
    this.#decoy.close();
    await this.sandbox[Symbol.asyncDispose]();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
