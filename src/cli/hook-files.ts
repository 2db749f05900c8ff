/**
 * Hook files: modules of the user's whose default export is a hook set. TypeScript is read by
 * Node.js itself (types are stripped), and `import … from "elsewhere"` in them is this very
 * package, wherever the file stands.
 *
 * Each load of a file and of what it imports has a number of its own in the module's URL, for
 * Node.js keeps a module for ever under its URL. Packages (node_modules) are loaded once.
 */
import { existsSync, type FSWatcher, watch } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ElsewhereError } from "../errors.ts";
import { type HookSet, isHookSet } from "../hooks/define.ts";
import { formats, index, whereOf } from "./user-modules.ts";

const PARAMETER = "elsewhere";
/** Editors write a file in several steps; milliseconds. */
const SETTLE_MS = 50;

export interface HookFile {
  /** As the user named it. */
  readonly name: string;
  readonly set: HookSet;
}

interface LoadedFile extends HookFile {
  /** Paths of the file and of all that it imports, packages aside. */
  readonly files: ReadonlySet<string>;
}

/** Told of a file that has changed: what it holds now, or why that cannot be had. */
export interface HookFileWatcher {
  reloaded(before: HookFile, after: HookFile): void;
  failed(file: HookFile, error: unknown): void;
}

export class HookFiles {
  #loads = 0;
  /** By the number of the load. */
  readonly #imported = new Map<string, Set<string>>();
  #files: LoadedFile[] = [];
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #settling: NodeJS.Timeout | undefined;

  constructor() {
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === "elsewhere") return { url: index, shortCircuit: true };
        const resolved = next(specifier, context);
        const load = loadOf(resolved.url) ?? loadOf(context.parentURL);
        if (load === null || !resolved.url.startsWith("file:") || resolved.url.includes("/node_modules/"))
          return resolved;
        const url = new URL(resolved.url);
        url.searchParams.set(PARAMETER, load);
        this.#imported.get(load)?.add(fileURLToPath(url));
        // Without a "type" in package.json Node.js would try CommonJS first, and complain.
        const format = resolved.format ?? formats[extname(url.pathname)];
        return { ...resolved, url: url.href, format };
      },
    });
  }

  /** @throws ElsewhereError `hooks-unusable`, with file and line where there is one */
  async load(names: readonly string[]): Promise<readonly HookFile[]> {
    for (const name of names) this.#files.push(await this.#load(name));
    return this.#files;
  }

  /** Loads files again when they, or what they import, change. */
  watch(watcher: HookFileWatcher): void {
    for (const { files } of this.#files) this.#watchFolders(files, watcher);
  }

  async #load(name: string): Promise<LoadedFile> {
    const path = resolve(name);
    if (!existsSync(path))
      throw new ElsewhereError({
        code: "hooks-unusable",
        message: `${name}: no such file`,
        context: [`path: ${path}`],
      });
    const load = String(++this.#loads);
    const files = new Set([path]);
    this.#imported.set(load, files);
    const url = pathToFileURL(path);
    url.searchParams.set(PARAMETER, load);
    let exported: unknown;
    try {
      exported = ((await import(url.href)) as { default?: unknown }).default;
    } catch (error) {
      throw new ElsewhereError({
        code: "hooks-unusable",
        message: `${name} cannot be loaded: ${String(error)}`,
        context: [`at ${whereOf(error, path)}`],
        cause: error,
      });
    }
    if (!isHookSet(exported))
      throw new ElsewhereError({
        code: "hooks-unusable",
        message: `${name} has no hooks as its default export`,
        hint: "export default defineHooks({ … })",
      });
    return { name, set: exported, files };
  }

  /** A folder, not the file: editors put a new file in the old one's place. */
  #watchFolders(files: ReadonlySet<string>, watcher: HookFileWatcher): void {
    for (const folder of new Set([...files].map((file) => dirname(file)))) {
      if (this.#watchers.has(folder)) continue;
      const notice = (_: string, name: string | null): void => {
        if (name === null) return;
        this.#changed.add(resolve(folder, name));
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => void this.#reload(watcher), SETTLE_MS);
      };
      this.#watchers.set(folder, watch(folder, { persistent: false }, notice));
    }
  }

  async #reload(watcher: HookFileWatcher): Promise<void> {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    for (const [at, file] of this.#files.entries()) {
      if (file.files.isDisjointFrom(changed)) continue;
      try {
        const loaded = await this.#load(file.name);
        watcher.reloaded(file, loaded);
        this.#files[at] = loaded;
      } catch (error) {
        watcher.failed(file, error);
        // What it imports now may be what has to be mended.
        this.#files[at] = { ...file, files: file.files.union(this.#imported.get(String(this.#loads)) ?? new Set()) };
      }
      this.#watchFolders(this.#files[at]?.files ?? new Set(), watcher);
    }
  }
}

/** The number of the load that a module belongs to. */
const loadOf = (url: string | undefined): string | null =>
  url?.startsWith("file:") === true ? new URL(url).searchParams.get(PARAMETER) : null;
