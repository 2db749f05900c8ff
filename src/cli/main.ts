#!/usr/bin/env node
/**
 * The command line. Each command's work is loaded only when it is asked for, and what
 * Node.js made of the sources is kept beside the patched copies, so that a warm trace starts fast.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheDirectory } from "../patch/location.ts";

enableCompileCache(join(cacheDirectory(), "node"));
const { reportError } = await import("./report.ts");

try {
  const { buildProgram } = await import("./program.ts");
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error);
}
