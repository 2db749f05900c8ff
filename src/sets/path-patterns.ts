/**
 * Patterns of paths: "/var/lib/app" is that path and all below it, `*` is anything within a name,
 * `**` anything across folders, `?` one character. A RegExp is what it is.
 *
 * They are held against real paths, without symbolic links. So what stands in front of the first
 * wildcard is resolved too when the pattern is made ("/var/run/app" is "/run/app" on most machines).
 */
import { plainPath, realPath, type Thread } from "./real-path.ts";

/** "/var/lib/app" is that and all below it; `*` is anything within a name, `**` anything. A RegExp is held against real paths. */
export type PathPattern = string | RegExp;

export type PathMatcher = (path: string) => boolean;

/** Whether any of the patterns matches a real path. */
export function pathMatcher(patterns: PathPattern | readonly PathPattern[]): PathMatcher {
  const expressions = [patterns]
    .flat()
    .flatMap((pattern) => (typeof pattern === "string" ? globs(pattern) : [pattern]));
  return (path) => expressions.some((expression) => path.search(expression) >= 0);
}

const ourselves: Thread = { tid: process.pid, pid: process.pid, programOf: () => undefined };

/** As it is written, and with its links resolved. */
function globs(pattern: string): RegExp[] {
  const literal = /^(?:\/[^/*?]+(?=\/|$))*/.exec(pattern)?.[0] ?? "";
  const real = literal === "" ? "" : (realPath(ourselves, plainPath(literal)) ?? literal);
  return [...new Set([pattern, real + pattern.slice(literal.length)])].map(glob);
}

const wildcards: Readonly<Record<string, string>> = { "**": ".*", "*": "[^/]*", "?": "[^/]" };

function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/\/+$/, "")
    .replaceAll(/\*\*|[*?]|[\\^$.|+()[\]{}]/g, (found) => wildcards[found] ?? `\\${found}`);
  return new RegExp(`^${source}(?:/.*)?$`, "su");
}
