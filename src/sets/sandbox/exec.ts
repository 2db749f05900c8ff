/** Which programs may be started. */
import { namedPaths } from "../call-paths.ts";
import { type PathPattern, pathMatcher } from "../path-patterns.ts";
import type { Policy } from "./policy.ts";

export function execPolicy(allowed: readonly PathPattern[]): Policy {
  const isAllowed = pathMatcher(allowed);
  return {
    name: "exec",
    calls: ["execve", "execveat"],
    violation(call) {
      const denied = namedPaths(call).find(({ real }) => real === undefined || !isAllowed(real));
      return denied && { what: denied.real ?? denied.path, error: "EACCES" };
    },
  };
}
