/**
 * Patterns of paths. "/var/lib/app" is that path and all below it; `*` is anything within a name, `**` anything across
 * folders, `?` one character, `[a-z]` one of these, `{a,b}` either. "~" is home, "./" the folder of the
 * configuration. A text that begins with "^" is a regular expression, for JSON and YAML have none.
 *
 * Wildcards are picomatch's, the globs that vite, rollup and their kin have taught everybody: a RegExp comes out that
 * is made once. Node.js has `path.matchesGlob`, but reads the pattern anew at each call and warned of being experimental
 * in the releases that we support. Files whose name begins with a dot are files like others.
 */
import { join } from "node:path";
import picomatch from "picomatch";

/** A glob, a text that begins with "^", or a RegExp. */
export type PathPattern = string | RegExp;

/** What a pattern may stand on. */
export interface PatternPlaces {
  /** "~": home as it is called and as it really is. None: such a pattern matches nothing. */
  readonly homes: readonly string[];
  /** "./" */
  readonly folder: string;
}

export interface CompiledPattern {
  readonly matches: (path: string) => boolean;
  /** The path that it is, where it has no wildcard. */
  readonly literal: string | undefined;
}

/** That path and all below. */
export function literalPattern(path: string): CompiledPattern {
  const folder = path.endsWith("/") ? path : `${path}/`;
  const own = folder.slice(0, -1);
  return { literal: own || "/", matches: (tested) => tested === own || tested.startsWith(folder) };
}

/** @throws SyntaxError where a regular expression is none */
export function compilePattern(pattern: PathPattern, places: PatternPlaces): CompiledPattern {
  if (typeof pattern !== "string" || pattern.startsWith("^")) {
    const expression = new RegExp(pattern);
    // Not `test`: it would go on behind the last match of a global one.
    return { literal: undefined, matches: (path) => path.search(expression) >= 0 };
  }
  if (/^~(?=\/|$)/.test(pattern)) return anyOf(places.homes.map((home) => onFolder(home, pattern.slice(1))));
  if (/^\.(?=\/|$)/.test(pattern)) return onFolder(places.folder, pattern.slice(1));
  return onFolder("", pattern);
}

/** The folder is as it is, whatever is in its name. */
function onFolder(place: string, pattern: string): CompiledPattern {
  const glob = pattern.replace(/\/+$/, "");
  if (!/[*?[{\\]/.test(glob)) return literalPattern(join(place || "/", glob));
  const expression = globExpression(glob);
  const folder = place.replace(/\/+$/, "");
  return {
    literal: undefined,
    matches: (path) => path.startsWith(folder) && expression.test(path.slice(folder.length)),
  };
}

function anyOf(patterns: readonly CompiledPattern[]): CompiledPattern {
  const [only] = patterns;
  if (only !== undefined && patterns.length === 1) return only;
  return { literal: only?.literal, matches: (path) => patterns.some(({ matches }) => matches(path)) };
}

/** What the glob matches, and all below. */
function globExpression(glob: string): RegExp {
  const options = { dot: true, noextglob: true, nonegate: true, keepQuotes: true, posix: true };
  const plain = withoutExtensions(glob);
  const [itself, below] = [plain, `${plain}/**`].map((each) => picomatch.makeRe(each, options).source);
  return new RegExp(`${itself}|${below}`, "s"); // s: a name may have line ends in it
}

/** What picomatch knows beyond what is promised above is an ordinary character: "(a)", "+", "@", "!" but in "[!a]". */
const withoutExtensions = (glob: string): string =>
  glob.replaceAll(/\\.|[()|+@]|(?<!\[)!/g, (found) => (found.startsWith("\\") ? found : `\\${found}`));

/** Names of variables: `*` is any text, `?` one character. */
export function namePattern(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  const source = pattern.replaceAll(/[\\^$.|+()[\]{}*?]/g, (found) => nameWildcards[found] ?? `\\${found}`);
  const expression = new RegExp(`^${source}$`, "s");
  return (name) => expression.test(name);
}

const nameWildcards: Readonly<Record<string, string>> = { "*": ".*", "?": "." };
