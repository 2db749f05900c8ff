import { readFileSync } from "node:fs";

/** This package's version, "0.1.0". */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
