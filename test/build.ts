/** Run once before the tests: brings dist/ up to date with src/ (about a second; nothing moves when nothing changed). */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export function setup(): void {
  execFileSync(join(import.meta.dirname, "../script/build"), ["--despite-types"], { stdio: "inherit" });
}
