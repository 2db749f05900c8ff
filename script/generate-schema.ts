/**
 * Writes docs/elsewhere.schema.json: what a configuration file may hold, for editors.
 * With --check it writes nothing and fails when the file is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { jsonSchema } from "../src/config/schema.ts";

const path = new URL("../docs/elsewhere.schema.json", import.meta.url);
const text = `${JSON.stringify(jsonSchema(), null, 2)}\n`;

if (!process.argv.includes("--check")) writeFileSync(path, text);
else if (readFileSync(path, "utf8") !== text) {
  console.error("docs/elsewhere.schema.json is stale: run node script/generate-schema.ts");
  process.exitCode = 1;
}
