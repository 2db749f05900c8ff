/** Debuggers and watchers for Go that nobody here wrote, from the module proxy, built once. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { cached, enter, scratch } from "../matrix/cache.ts";
import { mustRun } from "../programs/packages.ts";

/** The path of a program that `go install` makes of "github.com/air-verse/air@v1.62.0". */
export async function installed(module: string): Promise<string> {
  const [path = "", version = ""] = module.split("@");
  const name = basename(path);
  const folder = join(cached("tools"), `${name}-${version}`);
  if (!existsSync(folder)) {
    const work = scratch(name);
    const environment = { ...process.env, GOBIN: work, GOFLAGS: "-modcacherw", CGO_ENABLED: "0" };
    await mustRun(["go", "install", module], work, environment);
    enter(work, folder);
  }
  return join(folder, name);
}
