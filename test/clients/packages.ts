/** Packages of Go's network clients, their sources and what becomes of their tests. */
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { cached, enter, scratch } from "../matrix/cache.ts";
import { through } from "../matrix/elsewhere.ts";
import { downloadModule, type Toolchain } from "../matrix/toolchain.ts";
import { judgePackage, type PackageResult } from "../std/judge.ts";
import type { TestDatabase } from "./database.ts";

export interface ClientPackage {
  /** Import path, with the module's version. */
  readonly name: string;
  /** "PATH@VERSION" */
  readonly module: string;
  /** In the module. */
  readonly folder: string;
}

const inModule = (path: string, version: string, folders: readonly string[]) =>
  folders.map((folder): ClientPackage => ({
    name: join(`${path}@${version}`, folder),
    module: `${path}@${version}`,
    folder,
  }));

export const clientPackages: readonly ClientPackage[] = [
  ...inModule("github.com/jackc/pgx/v5", "v5.12.0", [".", "pgconn", "pgxpool", "stdlib", "pgtype", "pgproto3"]),
  ...inModule("github.com/go-resty/resty/v2", "v2.17.2", ["."]),
];

/** Its verdicts natively and with what it connects connected by an agent. */
export async function judgeClient(
  { name, module, folder }: ClientPackage,
  go: Toolchain,
  { environment }: TestDatabase,
): Promise<PackageResult> {
  return judgePackage(name, {
    go,
    prefix: through("agent"),
    reuseNative: false, // their servers are others each time
    timeoutMs: 600_000,
    by: "agent",
    sources: await sourcesOf(go, module, folder),
    environment,
  });
}

/** A copy of the module that its tests may write to. @returns the package's folder in it */
async function sourcesOf(go: Toolchain, module: string, folder: string): Promise<string> {
  const place = join(cached("clients"), module.replaceAll("/", "_"));
  if (!existsSync(place)) {
    const copy = scratch("clients");
    cpSync(await downloadModule(module, go.go), copy, { recursive: true });
    enter(copy, place);
  }
  return join(place, folder);
}
