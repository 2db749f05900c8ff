/** The policy of a run: what was said, then the defaults, then the mode of all other paths. */
import { defaultRules, type Here } from "./default-rules.ts";
import { literalPattern } from "./pattern.ts";
import { FilePolicy } from "./policy.ts";
import type { Settings } from "./settings.ts";

export function filePolicy(
  settings: Pick<Settings, "files" | "hostname" | "timezone" | "interfaces">,
  here: Here,
): FilePolicy {
  const { rules, otherwise } = settings.files;
  const seen = {
    hostname: settings.hostname.value,
    timezone: settings.timezone.value !== "local",
    interfaces: settings.interfaces.value === "remote",
  };
  const last = { ...otherwise, pattern: "/", why: "everything else", compiled: literalPattern("/") };
  return new FilePolicy([...rules, ...defaultRules(here, seen), last]);
}
