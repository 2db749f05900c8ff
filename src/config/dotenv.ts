/** Files of variables: NAME=value lines as `node --env-file` reads them. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { ElsewhereError } from "../errors.ts";

/**
 * @param said who has named the file, for the error
 * @throws ElsewhereError `config-unusable` where it cannot be read
 */
export function readVariables(file: string, said: string): [name: string, value: string][] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ElsewhereError({
      code: "config-unusable",
      message: "the file of variables cannot be read",
      context: [`${said}: ${error instanceof Error ? error.message : String(error)}`],
      cause: error,
    });
  }
  return Object.entries(parseEnv(text)).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
