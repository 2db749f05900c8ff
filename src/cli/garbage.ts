/** Garbage collection in a process of ours that bytes of files and connections go through. */
import v8 from "node:v8";

/** V8 13 and 14 (Node.js 24 and 26) have the flag; others would complain about it on standard error. */
const KNOWN = /^1[34]\./;

/**
 * What node:http2 receives lies outside V8's heap, and by itself V8 collects garbage whenever some 20 MB of it have gone
 * through: ninety times in a GiB, with threads of its own on the processors that the other end needs. With one limit for
 * both it does so a few times (V8, src/heap/heap.cc, external_memory_accounted_in_global_limit).
 */
export function collectGarbageOfBuffersLessOften(): void {
  if (KNOWN.test(process.versions.v8)) v8.setFlagsFromString("--external-memory-accounted-in-global-limit");
}
