/**
 * The text part of Go build information: a line each, fields separated by tabs. Source:
 * runtime/debug/mod.go, ParseBuildInfo, Go 1.27.
 */

export interface ModuleInfo {
  /** Path of the main package: "github.com/evanw/esbuild/cmd/esbuild". */
  readonly mainPackage: string | undefined;
  /** Path of the main module: "github.com/evanw/esbuild". */
  readonly module: string | undefined;
  /** "v0.28.2", "(devel)". */
  readonly moduleVersion: string | undefined;
  /** What the go command was told: "-ldflags", "CGO_ENABLED", "GOARCH", "vcs.revision", … (Go 1.18+). */
  readonly settings: ReadonlyMap<string, string>;
}

export const noModuleInfo: ModuleInfo = {
  mainPackage: undefined,
  module: undefined,
  moduleVersion: undefined,
  settings: new Map(),
};

/** Reads what can be read; lines that are something else are left out. */
export function parseModuleInfo(text: string): ModuleInfo {
  const settings = new Map<string, string>();
  let mainPackage: string | undefined;
  let module: string | undefined;
  let moduleVersion: string | undefined;
  for (const line of text.split("\n")) {
    const [kind, ...fields] = line.split("\t");
    if (kind === "path") mainPackage ??= fields[0];
    if (kind === "mod") {
      module ??= fields[0];
      moduleVersion ??= fields[1];
    }
    if (kind === "build") addSetting(settings, line.slice("build\t".length));
  }
  return { mainPackage, module, moduleVersion, settings };
}

/** `key=value`, either of them quoted as Go quotes strings. */
function addSetting(settings: Map<string, string>, setting: string): void {
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`|[^=]+)=(.*)$/s.exec(setting);
  if (match?.[1] === undefined || match[2] === undefined) return;
  settings.set(unquote(match[1]), unquote(match[2]));
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A Go string literal's value, as strconv.Unquote; anything else as it is. */
function unquote(text: string): string {
  const quote = text[0];
  if (text.length < 2 || text.at(-1) !== quote) return text;
  if (quote === "`") return text.slice(1, -1);
  if (quote !== '"') return text;
  return text
    .slice(1, -1)
    .replaceAll(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U00[0-9a-f]{6}|[0-7]{3}|.)/gis, (_, escape: string) => {
      if (/^[xu]./i.test(escape)) return codePoint(Number.parseInt(escape.slice(1), 16));
      if (/^[0-7]{3}$/.test(escape)) return codePoint(Number.parseInt(escape, 8));
      return simpleEscapes[escape] ?? escape;
    });
}

const codePoint = (value: number): string => (value <= 0x10ffff ? String.fromCodePoint(value) : "\ufffd");
