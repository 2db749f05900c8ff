/** A client of the agent that is none of ours: what Go's own tools make of the .proto files, on Go's own HTTP/2. */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash, enter, folderContents, repository, scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

const sources = join(repository, "test/interop/client");
const proto = join(repository, "proto");
const generators = ["protoc-gen-go", "protoc-gen-go-grpc"];

/** The built client's path. */
export async function interopClient(): Promise<string> {
  const contents = [...folderContents(sources, /./), ...folderContents(proto, /\.proto$/)];
  const folder = join(cached("programs"), `interop-${contentHash(contents)}`);
  if (existsSync(folder)) return join(folder, "client");
  const work = scratch("interop");
  cpSync(sources, work, { recursive: true });
  const done = async (command: readonly string[], cwd: string): Promise<void> => {
    const environment = { ...process.env, CGO_ENABLED: "0", PATH: `${join(work, "bin")}:${process.env["PATH"]}` };
    const { exitCode, stderr, stdout } = await run([...command], { cwd, environment, timeoutMs: 300_000 });
    if (exitCode !== 0) throw new Error(`${command.join(" ")}:\n${stderr}${stdout}`);
  };
  mkdirSync(join(work, "bin"));
  await done(["go", "build", "-o", "bin/", "tool"], work);
  writeFileSync(join(work, "buf.gen.yaml"), template(work));
  await done([join(repository, "node_modules/.bin/buf"), "generate", "--template", join(work, "buf.gen.yaml")], proto);
  await done(["go", "build", "-trimpath", "-o", "client", "."], work);
  enter(work, folder);
  return join(folder, "client");
}

/** All messages are one package of Go's, whatever the files say of it. */
function template(work: string): string {
  const files = readdirSync(join(proto, "elsewhere/v1")).map((name) => `Melsewhere/v1/${name}=interop/elsewherev1`);
  const plugins = generators.map((local) => ({ local, out: work, opt: ["module=interop", ...files] }));
  return JSON.stringify({ version: "v2", plugins });
}
