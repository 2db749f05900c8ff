/** Finds and reads the configuration, and says what holds. */
import { existsSync, readFileSync } from "node:fs";
import { extname, resolve } from "node:path";
import { ElsewhereError } from "../errors.ts";
import { findConfig } from "./find.ts";
import { homeFolders } from "./here.ts";
import { fileSpeaker, settle, type Settings, type Speaker } from "./settings.ts";
import { plainSource, type Source } from "./source.ts";

export interface LoadOptions {
  /** What the flags say, and what variables do: before the file. */
  readonly speakers: readonly Speaker[];
  /** The file that the user has named; undefined: the one that is found; false: none. */
  readonly file: string | false | undefined;
  /** Loads a module of the user's. @returns its default export */
  readonly importModule: (path: string) => Promise<unknown>;
}

/** @throws ElsewhereError `config-unusable` */
export async function loadSettings({ speakers, file, importModule }: LoadOptions): Promise<Settings> {
  const homes = homeFolders();
  if (file === false) return settle(speakers, { file: undefined, homes });
  const path = file === undefined ? findConfig(process.cwd(), homes) : resolve(file);
  if (path === undefined) return settle(speakers, { file: undefined, homes });
  const source = await read(path, importModule);
  return settle([...speakers, fileSpeaker(path, source)], { file: path, homes });
}

async function read(path: string, importModule: (path: string) => Promise<unknown>): Promise<Source> {
  if (!existsSync(path))
    throw new ElsewhereError({ code: "config-unusable", message: `${path}: there is no such file` });
  switch (extname(path)) {
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return plainSource(path, await importModule(path));
    case ".json":
      return readText(path, "json");
    case ".yaml":
    case ".yml":
      return readText(path, "yaml");
    default:
      throw new ElsewhereError({
        code: "config-unusable",
        message: `${path} is no configuration file`,
        hint: "its name ends in .ts, .js, .json or .yaml",
      });
  }
}

/** The reader of YAML is loaded only by those who have any. */
async function readText(path: string, format: "yaml" | "json"): Promise<Source> {
  const { textSource } = await import("./text-source.ts");
  return textSource(path, readFileSync(path, "utf8"), format);
}
