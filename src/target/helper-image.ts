/** The image of the helper in which an agent runs beside a container: this Node.js and this package, nothing else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { ElsewhereError } from "../errors.ts";
import { Baggage, baggageId } from "./baggage.ts";
import type { ContainerEngine } from "./container-engine.ts";
import type { StartOptions } from "./target.ts";

/** Where everything is in the image. */
const PLACE = "/elsewhere";
const NAME = "localhost/elsewhere-helper";

/**
 * Makes the image where the engine has none of this very package, and removes those of others, but for what is in use.
 * @returns its name
 * @throws ElsewhereError `target-unusable`
 */
export async function ensureHelperImage(engine: ContainerEngine, { progress, signal }: StartOptions): Promise<string> {
  const image = `${NAME}:${baggageId()}`;
  if ((await engine.ask(["image", "inspect", "--format", "{{.Id}}", image], signal)).exitCode === 0) return image;
  signal?.throwIfAborted();
  progress(`giving ${engine.name} the image of the helper (once)`);
  using baggage = await Baggage.pack(PLACE, true);
  const changes = [
    `ENTRYPOINT ${JSON.stringify(baggage.command)}`,
    "ENV UV_THREADPOOL_SIZE=64 ELSEWHERE_CACHE_DIR=/nowhere",
    'LABEL org.opencontainers.image.title="elsewhere\'s helper, can be removed at any time"',
    "LABEL dev.elsewhere.helper=yes",
  ];
  const args = ["import", ...changes.flatMap((change) => ["--change", change]), "-", image];
  const archive = baggage.tar("--transform", `s,^\\.,.${PLACE},`);
  const load = spawn(engine.path, args, {
    stdio: ["pipe", "ignore", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  const ended = once(load, "close") as Promise<[number | null]>;
  const said = text(load.stderr);
  if (archive.stdout !== null) await pipeline(archive.stdout, load.stdin).catch(() => undefined); // its exit code says why
  const [exitCode] = await ended;
  if (exitCode === 0 && archive.exitCode === 0) {
    await removeOthers(engine, image);
    return image;
  }
  throw new ElsewhereError({
    code: "target-unusable",
    message: `${engine.name} does not take the image of the helper`,
    context: (await said).trim().split("\n").slice(-5),
  });
}

async function removeOthers(engine: ContainerEngine, image: string): Promise<void> {
  const { stdout } = await engine.ask(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", NAME]);
  const others = stdout.split("\n").filter((each) => each.startsWith(NAME) && each !== image);
  if (others.length > 0) await engine.ask(["image", "rm", ...others]); // refuses those that a container was made of
}
