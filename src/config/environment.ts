/**
 * The program's environment. The target's variables come over those of here; what belongs to this machine and to the person
 * at it stays, because the program runs here and starts programs of here. Then the file's variables, what is set, and last
 * what is taken away.
 *
 * Names and values are bytes, as execve(2) takes them, and stay what they are.
 */
import type { Origin } from "./origin.ts";
import { namePattern } from "./pattern.ts";
import type { Setting, Settings } from "./settings.ts";

type Wanted = Pick<Settings, "env" | "hostname" | "timezone">;

/** Where a variable of the program's comes from. */
export type VariableOrigin = "target" | "local" | "file" | "override" | "timezone" | "workdir";

export interface Variable {
  /** Each character is a byte. */
  readonly name: string;
  /** NAME=value */
  readonly entry: Uint8Array;
  readonly from: VariableOrigin;
  /** Who has said it, where it was said. */
  readonly origin?: Origin;
}

/** Variables of here that the target's do not replace, and why not; `*` is any text. */
export const keptVariables: readonly (readonly [why: string, names: string])[] = [
  ["programs that it starts are those of here", "PATH SHELL LD_* SHLVL _"],
  ["the user is who started it", "HOME USER LOGNAME MAIL XDG_* SSH_* GPG_*"],
  ["directories are those of here", "PWD OLDPWD TMPDIR TMP TEMP"],
  [
    "terminal and screen are here",
    "TERM TERM_* COLORTERM COLUMNS LINES TTY NO_COLOR FORCE_COLOR DISPLAY WAYLAND_DISPLAY",
  ],
  ["and who looks at them", "LANG LANGUAGE LC_* EDITOR VISUAL PAGER DBUS_*"],
  // Not GO*: GOMAXPROCS, GOMEMLIMIT, GOGC and GODEBUG are how a program runs in the target.
  [
    "Go's tools are those of here",
    "GOROOT GOPATH GOBIN GOCACHE GOMODCACHE GOENV GOTMPDIR GOFLAGS GOTOOLCHAIN GOWORK CGO_*",
  ],
  ["and where they get modules", "GOPROXY GOPRIVATE GONOPROXY GOSUMDB GONOSUMDB"],
  ["other languages' programs are those of here", "NODE_* NPM_* npm_* PYTHONPATH PYTHONHOME VIRTUAL_ENV"],
  ["and these", "JAVA_HOME JAVA_TOOL_OPTIONS CLASSPATH RUBYLIB RUBYOPT GEM_* PERL5LIB"],
  ["elsewhere itself", "ELSEWHERE_*"],
];

/**
 * @param target           the target's, NAME=value
 * @param local            this process's, NAME=value
 * @param workingDirectory where the program starts, where that is not this process's directory: PWD
 * @returns the target's first, in their order; of a name that comes twice the first, as in Go and C
 */
export function programEnvironment(
  target: readonly Uint8Array[],
  local: readonly Uint8Array[],
  { env, hostname, timezone }: Wanted,
  workingDirectory?: string,
): readonly Variable[] {
  const variables = new Map<string, Variable>();
  const put = (variable: Variable): void => void variables.set(variable.name, variable);

  const here = env.local.value ? read(local, "local") : [];
  const isTaken = takenFromTarget(env, hostname.value);
  for (const variable of read(target, "target")) if (isTaken(variable.name)) put(variable);
  for (const variable of here) if (!variables.has(variable.name)) put(variable);

  // A TZ of the other side would overrule the zone that is wanted.
  if (timezone.value !== "target" && timezone.value !== "local") put(said("TZ", timezone, "timezone"));
  else if (variables.get("TZ")?.from !== timezone.value) variables.delete("TZ");
  if (workingDirectory !== undefined && variables.get("PWD")?.from === "local")
    put({ name: "PWD", entry: Buffer.from(`PWD=${workingDirectory}`), from: "workdir" });

  for (const [name, setting] of env.file) put(said(name, setting, "file"));
  for (const [name, setting] of env.override) put(said(name, setting, "override"));
  const isUnset = anyOf(env.unset.map(valueOf));
  return [...variables.values()].filter(({ name }) => !isUnset(name));
}

/** A name that `include` spells out is taken even if the default is to keep the local one. */
function takenFromTarget({ include, exclude, local }: Settings["env"], hostname: boolean): (name: string) => boolean {
  const included = include?.map(valueOf);
  const isIncluded = anyOf(included ?? ["*"]);
  const isNamed = anyOf((included ?? []).filter((name) => !/[*?]/.test(name)));
  const isExcluded = anyOf(exclude.map(valueOf));
  const isKept = anyOf([
    ...(local.value ? keptVariables.flatMap(([, names]) => names.split(" ")) : []),
    ...(hostname ? [] : ["HOSTNAME"]),
  ]);
  return (name) => isIncluded(name) && !isExcluded(name) && (!isKept(name) || isNamed(name));
}

const valueOf = <T>({ value }: Setting<T>): T => value;

function said(name: string, { value, origin }: Setting<string>, from: VariableOrigin): Variable {
  return { name: bytesOf(name), entry: Buffer.from(`${name}=${value}`), from, origin };
}

function read(entries: readonly Uint8Array[], from: VariableOrigin): Variable[] {
  const seen = new Set<string>();
  const variables: Variable[] = [];
  for (const entry of entries) {
    const stop = entry.indexOf(EQUALS);
    if (stop < 1) continue; // no name: nothing that a program could ask for
    const name = Buffer.from(entry.subarray(0, stop)).toString("latin1");
    if (!seen.has(name)) variables.push({ name, entry, from });
    seen.add(name);
  }
  return variables;
}

const EQUALS = 0x3d;

/** As the names of variables that were read: a character is a byte. */
const bytesOf = (name: string): string => Buffer.from(name).toString("latin1");

function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => namePattern(bytesOf(pattern)));
  return (name) => tests.some((test) => test(name));
}
