/** Which programs may be started. */
import { namedFiles } from "../named-files.ts";
import { type PathPattern, pathMatcher } from "../path-patterns.ts";
import type { Policy } from "./policy.ts";

export function execPolicy(allowed: readonly PathPattern[]): Policy {
  const isAllowed = pathMatcher(allowed);
  return {
    name: "exec",
    calls: ["execve", "execveat"],
    violation(call) {
      const denied = namedFiles(call).find(({ real }) => real === undefined || !isAllowed(real));
      return denied && { what: denied.real ?? denied.path, error: "EACCES" };
    },
  };
}
