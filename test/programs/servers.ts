/** The servers that are put under load: each says how to start it and how to know that it is there. */
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { cached, contentHash, folderContents, repository, scratch } from "../matrix/cache.ts";
import { releases } from "../matrix/releases.ts";
import { toolchain } from "../matrix/toolchain.ts";
import { mustRun } from "./packages.ts";

export interface Server {
  readonly name: string;
  readonly command: readonly string[];
  readonly directory: string;
  /** What it prints, on either stream, when it answers; a group in it is the URL. */
  readonly ready: RegExp;
  readonly url?: string;
  /** Path of the request, and a part of the answer. */
  readonly path: string;
  readonly expected: string;
}

/** A server built on gin, with the newest Go. */
export async function ginServer(): Promise<Server> {
  return {
    name: "gin",
    command: [await goProgram("gin")],
    directory: scratch("gin"),
    ready: /^(http:\S+)$/m,
    path: "/hello/elsewhere",
    expected: '{"hello":"elsewhere"}',
  };
}

/** Debian's caddy as a file server. */
export async function caddyServer(): Promise<Server> {
  const directory = scratch("caddy");
  const port = await freePort();
  const body = "a file that caddy serves\n".repeat(40);
  writeFileSync(join(directory, "file.txt"), body);
  writeFileSync(
    join(directory, "Caddyfile"),
    `{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\troot * ${directory}\n\tfile_server\n}\n`,
  );
  return {
    name: "caddy",
    command: [caddyProgram(), "run", "--config", "Caddyfile"],
    directory,
    ready: /serving initial configuration/,
    url: `http://127.0.0.1:${port}`,
    path: "/file.txt",
    expected: body,
  };
}

/** The load generator. */
export const loadProgram = (): Promise<string> => goProgram("load");

function caddyProgram(): string {
  const folders = [join(repository, "node_modules/.bin"), ...(process.env["PATH"] ?? "").split(":")];
  const found = folders.map((folder) => join(folder, "caddy")).find((path) => existsSync(path));
  if (found === undefined) throw new Error("there is no caddy; script/bootstrap --test fetches it");
  return found;
}

/** Builds the Go program in folder `name` beside this file, once per content. */
async function goProgram(name: string): Promise<string> {
  const sources = join(import.meta.dirname, name);
  const version = releases.at(-1)?.version ?? "";
  const program = join(cached("programs"), `${name}-${contentHash([version, ...folderContents(sources, /./)])}`);
  if (existsSync(program)) return program;
  const go = await toolchain(version);
  const environment = { ...go.environment, CGO_ENABLED: "0" };
  await mustRun([go.go, "build", "-buildvcs=false", "-o", program, "."], sources, environment);
  return program;
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}
