/** Modules of the user's: what hook files and configurations have in common. */
import { spawnSync } from "node:child_process";
import { registerHooks } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ElsewhereError } from "../errors.ts";
import { placeOf } from "../hooks/place.ts";

/** What a module is whose package does not say. */
export const formats: Readonly<Record<string, string>> = { ".ts": "module-typescript", ".js": "module" };

/** This package, as it runs: sources or built. */
export const index: string = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;

/**
 * Loads a configuration. TypeScript is read by Node.js itself (types are stripped), and `import … from "elsewhere"` in it
 * is this very package.
 * @returns the default export
 * @throws ElsewhereError `config-unusable`, with file and line where there is one
 */
export async function importConfig(path: string): Promise<unknown> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === "elsewhere") return { url: index, shortCircuit: true };
      const resolved = next(specifier, context);
      if (!resolved.url.startsWith("file:") || resolved.url.includes("/node_modules/")) return resolved;
      // Without a "type" in package.json Node.js would try CommonJS first, and complain.
      return { ...resolved, format: resolved.format ?? formats[extname(new URL(resolved.url).pathname)] };
    },
  });
  try {
    return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new ElsewhereError({
      code: "config-unusable",
      message: `${path} cannot be loaded: ${String(error)}`,
      context: [`at ${whereOf(error, path)}`],
      cause: error,
    });
  } finally {
    hooks.deregister();
  }
}

/** "file:line" of what went wrong while a module was loaded; the file alone where the line cannot be told. */
export function whereOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const head = /^((?:file:\/\/)?\/.*?)(?:\?.*)?:(\d+)\n/.exec(stack);
  if (head !== null) return `${head[1]?.startsWith("file:") === true ? fileURLToPath(head[1]) : head[1]}:${head[2]}`;
  const place = error instanceof SyntaxError ? undefined : placeOf(stack);
  if (place !== undefined) return `${place.file}:${place.line}`;
  return error instanceof SyntaxError ? (checkedSyntax(path) ?? path) : path;
}

/** Node.js tells the line of a syntax error in JavaScript only on standard error. */
function checkedSyntax(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  return /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(stderr)?.[1];
}
