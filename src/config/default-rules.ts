/**
 * Where files are when nobody says: what belongs to this machine and to the person at it stays local, what tells a program
 * where it is comes from the target, and so does everything else, to be read.
 *
 * Other tools of this kind leave /etc, /opt and all of /home here, because the C library of a hooked program needs
 * some of it. A Go program brings its own; there a server's configuration is, and that it is found is what they are for.
 */
import { dirname } from "node:path";
import { compilePattern, literalPattern } from "./pattern.ts";
import type { FileMode, FileRule } from "./policy.ts";

/** What the defaults depend on. Paths are absolute; where links lead to one, it is there as it is called and as it really is. */
export interface Here {
  readonly homes: readonly string[];
  /** Where the program starts; none when it starts in a directory of the target. */
  readonly workingDirectories: readonly string[];
  /** The repository, or where the configuration is. */
  readonly projectFolders: readonly string[];
  /** The program's. */
  readonly executable: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What about the target's identity the program sees. */
export interface Seen {
  readonly hostname: boolean;
  readonly timezone: boolean;
  readonly interfaces: boolean;
}

/** A mode, what its paths are good for, and the paths. */
type Group = readonly [mode: FileMode, why: string, paths: readonly string[]];

const credentials: Group = [
  "absent",
  "cloud credentials: a program that finds none asks its surroundings, as it would in the target",
  ["~/.aws", "~/.azure", "~/.config/gcloud", "~/.kube"],
];

const machine: Group = ["local", "of this machine's kernel", ["/dev", "/proc", "/sys"]];

const hostnameFiles: Group = [
  "remote-read",
  "the target's name",
  ["/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"],
];
const networkFiles: Group = [
  "remote-read",
  "the target's network",
  [
    "/proc/net",
    "/proc/self/net",
    "/proc/thread-self/net",
    "/proc/sys/net",
    "/sys/class/net",
    "/sys/devices/virtual/net",
  ],
];
const noHostname: Group = ["local", "hostname: false", ["/etc/hostname"]];
const zoneFiles: Group = ["remote-read", "the target's time zones", ["/usr/share/zoneinfo"]];
const noZone: Group = ["local", "timezone: local", ["/etc/localtime", "/etc/timezone"]];

/** Some of it is in directories that are local otherwise; the rest is named to be told in reports. */
const surroundings: Group = [
  "remote-read",
  "tells a program where it is",
  [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/passwd",
    "/etc/group",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    "/usr/lib/os-release",
  ],
];

/** Where Go looks: crypto/x509/root_linux.go; and what Debian's links lead to. */
const certificates: Group = [
  "remote-read",
  "certificates that the target trusts",
  ["/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"],
];

const secrets: Group = ["remote-read", "what the target has been given", ["/run/secrets", "/var/run/secrets"]];

/** "/usr/src/app" is where the official images of Go, Node and Python put what they run. */
const programs: Group = ["remote-read", "the target's own programs and their settings", ["/usr/src", "/usr/local/etc"]];

const system: Group = [
  "local",
  "programs, libraries and run-time state of this machine",
  ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/run", "/var/run", "/boot", "/nix", "/snap"],
];

/** The loader of a program that is not hooked, or has begun before it is, knows no other. */
const loader: Group = ["local", "of this machine's loader", ["/etc/ld.so.*"]];

const temporary: Group = ["local", "temporary files", ["/tmp", "/var/tmp"]];

/** Variables whose value is a folder of this machine. */
const folderVariables = ["TMPDIR", "GOROOT", "GOPATH", "GOCACHE", "GOMODCACHE", "GOTMPDIR", "GOBIN"];

/** @returns in the order in which they are asked; the paths that none of them matches are nobody's yet */
export function defaultRules(here: Here, { hostname, timezone, interfaces }: Seen): readonly FileRule[] {
  const { homes, environment } = here;
  const places = { homes, folder: "/" };
  const rules = (...groups: readonly Group[]): FileRule[] =>
    groups.flatMap(([mode, why, paths]) =>
      paths.map((pattern) => ({ pattern, mode, why, origin, compiled: compilePattern(pattern, places) })),
    );
  const folders = (why: string, ...paths: readonly (string | undefined)[]): FileRule[] =>
    paths.filter(isFolder).map((path) => ({ ...localRule, pattern: path, why, compiled: literalPattern(path) }));

  const rest = [
    ...(hostname ? rules(hostnameFiles) : rules(noHostname)),
    ...(timezone ? rules(zoneFiles) : rules(noZone)),
    ...(interfaces ? rules(networkFiles) : []),
    ...rules(machine, surroundings, certificates, secrets, programs, system, loader, temporary),
    ...folders("your home", ...homes),
  ];
  const named = [
    ...folders("PATH: programs of this machine", ...listOf(environment["PATH"]).map(withoutBin)),
    ...folderVariables.flatMap((name) => folders(name, ...listOf(environment[name]))),
  ];
  return [
    ...rules(credentials),
    ...folders("the program itself", here.executable),
    ...folders("the project", ...here.projectFolders),
    ...folders("where the program starts", ...here.workingDirectories),
    ...named.filter(({ pattern }) => rest.find(({ compiled }) => compiled.matches(pattern))?.mode !== "local"),
    ...rest,
  ].filter(isNew);
}

/** A folder may be on PATH twice, and the project's where the program starts. */
const isNew = ({ pattern }: FileRule, at: number, rules: readonly FileRule[]): boolean =>
  rules.findIndex((rule) => rule.pattern === pattern) === at;

const origin = { by: "default" } as const;
const localRule = { mode: "local", origin } as const;

/** The root is no folder that is meant: everything would be local. */
const isFolder = (path: string | undefined): path is string => path?.startsWith("/") === true && path !== "/";

const listOf = (text: string | undefined): string[] => (text ?? "").split(":").map((path) => path.replace(/\/+$/, ""));

/** A program in /opt/x/bin has its libraries and data in /opt/x. /bin and /usr/bin are what they are. */
const withoutBin = (path: string): string =>
  /^\/opt\/.+\/bin$/.test(path) || /^\/usr\/local\/.+\/bin$/.test(path) ? dirname(path) : path;
