/** The link modes of the matrix: each a way in which real Go programs leave the toolchain. */
import { isAtLeast, type Release } from "./releases.ts";

export interface LinkMode {
  readonly name: string;
  /** What is special about such a program, for the table's legend. */
  readonly title: string;
  readonly cgo: boolean;
  /** Flags of `go build` beside the common ones. */
  readonly flags: readonly string[];
  /** Built by garble instead of `go`. */
  readonly garble?: true;
  /** Environment of its runs, hooked or not. */
  readonly environment?: Readonly<Record<string, string>>;
}

export const modes: readonly LinkMode[] = [
  { name: "static", title: "CGO_ENABLED=0, Go's own linker", cgo: false, flags: [] },
  { name: "stripped", title: "the same with -ldflags='-s -w'", cgo: false, flags: ["-ldflags=-s -w"] },
  { name: "pie", title: "CGO_ENABLED=0 -buildmode=pie", cgo: false, flags: ["-buildmode=pie"] },
  { name: "cgo", title: "cgo, linked dynamically with libc", cgo: true, flags: [] },
  {
    name: "external-static",
    title: "cgo, -linkmode external -extldflags -static",
    cgo: true,
    flags: ["-ldflags=-linkmode external -extldflags -static"],
  },
  {
    name: "external-pie",
    title: "cgo, -buildmode=pie -linkmode external",
    cgo: true,
    flags: ["-buildmode=pie", "-ldflags=-linkmode external"],
  },
  {
    name: "static-pie",
    title: "cgo, -buildmode=pie -linkmode external -extldflags -static-pie",
    cgo: true,
    flags: ["-buildmode=pie", "-ldflags=-linkmode external -extldflags -static-pie"],
  },
  {
    name: "race",
    title: "-race",
    cgo: true,
    flags: ["-race"],
    // The race detector waits a second at the end of every process, unless told otherwise.
    environment: { GORACE: "atexit_sleep_ms=0" },
  },
  {
    name: "garble",
    title: "obfuscated by the garble of that release",
    cgo: false,
    flags: [],
    garble: true,
  },
];

export function modeNamed(name: string): LinkMode {
  const found = modes.find((mode) => mode.name === name);
  if (!found) throw new Error(`no link mode ${name}; there are ${modes.map((mode) => mode.name).join(", ")}`);
  return found;
}

/** Flags that every build of `release` gets: no paths and no repository state in the program. */
export function commonFlags(release: Release): readonly string[] {
  return isAtLeast(release, "1.18") ? ["-trimpath", "-buildvcs=false"] : ["-trimpath"];
}
