/**
 * Runs a program with the model held against the kernel at every call: which descriptors are open, with what flags,
 * and where paths lead.
 *
 *     node test/model/main.ts -- PROGRAM ARGS…
 *
 * Ends as the program ends, or with exit code 97 where the model was wrong; standard error says where.
 */
import { endAs } from "../../src/cli/ending.ts";
import { runChecked } from "./checked.ts";

const MODEL_WRONG = 97;

const command = process.argv.slice(process.argv.indexOf("--") + 1);
const { ending, errors, compared } = await runChecked(command, {
  cwd: process.cwd(),
  paths: true,
  identity: false,
  inherit: true,
});
for (const error of errors) console.error(`model: ${error}`);
if (errors.length > 0) {
  console.error(`model: ${compared} comparisons`);
  endAs({ exitCode: MODEL_WRONG, signal: null });
} else endAs(ending);
