#!/usr/bin/env node
/**
 * The command line. Each command's work is loaded only when it is asked for, so that
 * `--help` and a warm trace start fast.
 */
import { reportError } from "./report.ts";
import { buildProgram } from "./program.ts";

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error);
}
