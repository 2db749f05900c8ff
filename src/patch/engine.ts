/** What a patched copy depends on besides its original: the stub's code, and how this folder patches. */
import { createHash } from "node:crypto";
import { machines } from "../machine/machines.ts";

/** Grows when a plan for the same program and the same stub comes out differently, or is kept differently. */
const PLAN_VERSION = 2;

/** A short name for "copies made by this engine"; part of the cache's paths. */
export function engineVersion(): string {
  const hash = createHash("sha256").update(`plan ${PLAN_VERSION}`);
  for (const machine of machines) hash.update(machine.name).update(machine.stub.code);
  return hash.digest("hex").slice(0, 16);
}
