/** The packages of Go's standard library that have tests, and their test binaries. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cached, scratch } from "../matrix/cache.ts";
import { isAtLeast } from "../matrix/releases.ts";
import { run } from "../matrix/run.ts";
import { type Toolchain, toolchain } from "../matrix/toolchain.ts";

/** Tests look for their sources by the paths in their binary, so these must be whole. */
export async function testToolchain(version: string): Promise<Toolchain> {
  const go = await toolchain(version);
  return { ...go, environment: { ...go.environment, GOFLAGS: "-trimpath=false", CGO_ENABLED: "0" } };
}

/** Those whose tests connect sockets. */
export const networkPackages: readonly string[] = [
  "net",
  "net/http",
  "net/http/cgi",
  "net/http/fcgi",
  "net/http/httptest",
  "net/http/httptrace",
  "net/http/httputil",
  "net/rpc",
  "net/rpc/jsonrpc",
  "net/smtp",
  "net/textproto",
  "crypto/tls",
  "expvar",
  "log/syslog",
];

/** Import paths of `go list std` that have tests. */
export async function packagesWithTests(go: Toolchain): Promise<string[]> {
  const format = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}";
  const outcome = await run([go.go, "list", "-f", format, "std"], {
    cwd: join(go.root, "src"),
    environment: go.environment,
    timeoutMs: 120_000,
  });
  if (outcome.exitCode !== 0) throw new Error(`go list std: ${outcome.stderr}`);
  return outcome.stdout.split("\n").filter((name) => name !== "" && !name.startsWith("vendor/"));
}

/** Where the sources of a package of the standard library are. */
export const sourcesOf = (go: Toolchain, name: string): string => join(go.root, "src", name);

/**
 * The test binary of a package, or the toolchain's reason why there is none.
 * @param sources where the package is, in a module
 */
export async function testBinary(
  go: Toolchain,
  name: string,
  sources: string = sourcesOf(go, name),
): Promise<{ program: string } | { reason: string }> {
  const folder = cached("std", `go${go.version}`);
  const program = join(folder, `${name.replaceAll("/", "_")}.test`);
  if (existsSync(program)) return { program };
  const work = scratch("std");
  mkdirSync(work, { recursive: true });
  const built = join(work, "built.test");
  const outcome = await run([go.go, "test", "-c", "-o", built, "."], {
    cwd: sources,
    environment: go.environment,
    timeoutMs: 600_000,
  });
  if (outcome.exitCode !== 0) return { reason: outcome.stderr.trim().split("\n").slice(0, 3).join("; ") };
  if (!existsSync(built)) return { reason: outcome.stderr.trim() || "no test files for this machine" };
  renameSync(built, program);
  return { program };
}

/** Flags for a run of which verdicts are read. */
export function testFlags(go: Toolchain): string[] {
  const marked = isAtLeast({ minor: go.version.split(".").slice(0, 2).join("."), version: go.version }, "1.20");
  return [`-test.v${marked ? "=test2json" : ""}`, "-test.short", "-test.timeout=500s"];
}
