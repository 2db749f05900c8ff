/** Containers of the real Docker and Podman, made of an image that holds a static program and nothing else. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startInContainer } from "../../src/target/container.ts";
import type { StartedAgent } from "../../src/target/target.ts";
import { repository } from "../matrix/cache.ts";
import { canRun, IMAGE, startDocker, startPodman, type TestEngine } from "./engines.ts";
import { eventually, heldSession, startTarget, toldBySession, toldInside } from "./told.ts";

const NOBODY = 65534;
const MAIN = ["--network=none", "--hostname=there", "--env=A=1", "--workdir=/srv"];

describe.each([
  ["docker" as const, () => startDocker(NOBODY)],
  ["podman" as const, startPodman],
])("%s", { skip: !canRun("docker") && !canRun("podman") }, (name, start) => {
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await start();
    for (const [variable, value] of Object.entries(engine.env)) process.env[variable] = value;
    await engine.run("run", "--detach", "--name=api", ...MAIN, IMAGE, "/teller", "wait");
    await engine.run("run", "--detach", "--name=user", "--user=1000:1000", ...MAIN, IMAGE, "/teller", "wait");
    await engine.run("create", "--name=stopped", IMAGE, "/teller", "wait");
  }, 60_000);

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    for (const variable of Object.keys(engine.env)) delete process.env[variable];
  });

  const helpers = (): Promise<string> => engine.run("ps", "--all", "--quiet", "--filter=label=dev.elsewhere.helper-of");
  const viaHelper = (container: string): Promise<StartedAgent> =>
    startInContainer(container, { progress: () => undefined }, "helper");

  describe.each([
    ["beside its main process", (container: string) => startTarget(`container:${container}`)],
    ["in a helper", viaHelper],
  ])("%s", (_, begin) => {
    test.each(["api", "user"])("a session to %s tells what a program inside finds", async (container) => {
      for (const file of ["/srv/file", "/srv/secret"]) {
        const inside = await toldInside([engine.name, "exec", container, "/teller", "tell", file]);
        const agent = await begin(container);
        const told = await toldBySession(agent, file);
        expect({ ...told, environment: [] }).toEqual({ ...inside, environment: [] });
        // Podman sets TERM for the main process alone.
        expect(told.environment).toEqual(expect.arrayContaining([...inside.environment]));
        await agent.ended;
      }
      await eventually(async () => (await helpers()) === "");
    });

    // Half a second on a machine that does nothing else (docs/targets.md); this one runs other tests.
    test("is there soon", async () => {
      const began = performance.now();
      const agent = await begin("api");
      await toldBySession(agent, "/srv/file");
      expect(performance.now() - began).toBeLessThan(3000);
      await agent.ended;
    });

    test("hears of the container's end", async () => {
      await engine.run("run", "--detach", "--name=short", ...MAIN, IMAGE, "/teller", "wait");
      await using agent = await begin("short");
      await engine.run("kill", "short"); // Podman's rm refuses while the helper shares its processes
      expect(await agent.ended).toBeTypeOf("string");
      await eventually(async () => (await helpers()) === "");
      await engine.run("rm", "--force", "short");
    });
  });

  test("a helper is gone when the supervisor was killed", async () => {
    const holder = await heldSession("helper:api");
    expect(await helpers()).not.toBe("");
    process.kill(holder.pid, "SIGKILL");
    await eventually(async () => (await helpers()) === "");
  });

  test("a helper's agent that was killed is told", async () => {
    await using agent = await viaHelper("api");
    await engine.run("kill", (await helpers()).trim());
    expect(await agent.ended).toBeTypeOf("string");
    await eventually(async () => (await helpers()) === "");
  });

  test.each([
    ["container:nope", "there is no container nope"],
    ["container:stopped", "container stopped does not run"],
    ["container:", "which container?"],
    ["container:--all", "which container?"],
  ])("%s: %s", async (target, message) => {
    await expect(startTarget(target)).rejects.toMatchObject({ code: "target-unusable", message });
  });

  test("a user who may use the engine and nothing else", { skip: name !== "docker" }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "elsewhere-user-"));
    chmodSync(folder, 0o777);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(repository, "test/target/tell.ts"), "container:user", "/srv/file"],
      {
        uid: NOBODY,
        gid: NOBODY,
        env: { ...process.env, HOME: folder, TMPDIR: folder },
      },
    );
    expect(JSON.parse(stdout)).toMatchObject({ hostname: "there", uid: 1000, content: "content\n" });
    rmSync(folder, { recursive: true });
  });
});
