/** What /etc/resolv.conf and /etc/hosts say (resolver(5), hosts(5)). */
import { isIP } from "node:net";

/** As resolver(5) has them. */
const DEFAULTS = { ndots: 1, timeout: 5, attempts: 2 };
const MOST = { ndots: 15, timeout: 30, attempts: 5 };
const MOST_SERVERS = 3;
export interface ResolverSettings {
  readonly servers: readonly string[];
  readonly domains: readonly string[];
  readonly ndots: number;
  /** Seconds. */
  readonly timeout: number;
  readonly attempts: number;
}

/** resolver(5): names with fewer dots than `ndots` are looked for in the domains first. */
export function candidates(
  name: string,
  { domains, ndots }: Pick<ResolverSettings, "domains" | "ndots">,
): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const within = domains.map((domain) => `${name}.${domain}`);
  return name.split(".").length - 1 >= ndots ? [name, ...within] : [...within, name];
}

/** @param text of resolv.conf(5); the last of `search` and `domain` counts */
export function readResolverSettings(text: string): ResolverSettings {
  const servers: string[] = [];
  let domains: readonly string[] = [];
  const options = { ...DEFAULTS };
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    const [first = ""] = words;
    if (keyword === "nameserver" && isIP(first) !== 0 && servers.length < MOST_SERVERS) servers.push(first);
    if (keyword === "search") domains = words.map((domain) => domain.replace(/\.$/, "")).filter(Boolean);
    if (keyword === "domain") domains = [first.replace(/\.$/, "")].filter(Boolean);
    if (keyword !== "options") continue;
    for (const word of words) {
      const [, option, value] = /^(ndots|timeout|attempts):(\d+)$/.exec(word) ?? [];
      if (option !== undefined) {
        const known = option as keyof typeof options;
        options[known] = Math.min(Number(value), MOST[known]);
      }
    }
  }
  return { servers: servers.length > 0 ? servers : ["127.0.0.1"], domains, ...options };
}

/** Which names a host has. @param text of hosts(5) */
export function readHosts(text: string): { readonly address: string; readonly names: readonly string[] }[] {
  return text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    return isIP(address) === 0 ? [] : [{ address, names }];
  });
}

/** The addresses of a name. @param text of hosts(5) */
export function inHosts(text: string, name: string): readonly string[] {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  return readHosts(text)
    .filter(({ names }) => names.some((each) => each.toLowerCase() === wanted))
    .map(({ address }) => address);
}
