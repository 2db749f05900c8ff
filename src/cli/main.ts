#!/usr/bin/env node
/**
 * The command line. Each command's work is loaded only when it is asked for, and what
 * Node.js made of the sources is kept beside the patched copies, so that a warm trace starts fast.
 */
import nodeModule from "node:module";
import { join } from "node:path";
import { cacheDirectory } from "../patch/location.ts";

// Absent in a Node.js that is too old for the rest of this; then say so, not what it stumbles over.
if (typeof nodeModule.enableCompileCache !== "function") {
  console.error(`elsewhere: Node.js ${process.version} is too old\n  → install Node.js 22.18 or newer`);
  process.exit(125);
}
nodeModule.enableCompileCache(join(cacheDirectory(), "node"));
const { reportError } = await import("./report.ts");

try {
  const { buildProgram } = await import("./program.ts");
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = reportError(error);
}
