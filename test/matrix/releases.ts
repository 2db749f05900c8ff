/** The Go releases of the matrix: the last patch release of every minor one that the engine promises. */

export interface Release {
  /** "1.13" */
  readonly minor: string;
  /** "1.13.15": what the module proxy serves as a toolchain. */
  readonly version: string;
  /** The garble that obfuscates with this release; none where no tagged garble does. */
  readonly garble?: string;
}

/** Oldest first. A new release is a new line here. */
export const releases: readonly Release[] = [
  { minor: "1.13", version: "1.13.15" },
  { minor: "1.14", version: "1.14.15" },
  { minor: "1.15", version: "1.15.15" },
  { minor: "1.16", version: "1.16.15", garble: "v0.3.0" },
  { minor: "1.17", version: "1.17.13", garble: "v0.4.0" },
  { minor: "1.18", version: "1.18.10", garble: "v0.7.1" },
  { minor: "1.19", version: "1.19.13", garble: "v0.7.1" },
  { minor: "1.20", version: "1.20.14", garble: "v0.10.1" },
  { minor: "1.21", version: "1.21.13", garble: "v0.11.0" },
  { minor: "1.22", version: "1.22.12", garble: "v0.12.1" },
  { minor: "1.23", version: "1.23.12", garble: "v0.14.2" },
  { minor: "1.24", version: "1.24.13", garble: "v0.14.2" },
  { minor: "1.25", version: "1.25.14", garble: "v0.15.0" },
  { minor: "1.26", version: "1.26.11", garble: "v0.16.0" },
  { minor: "1.27", version: "1.27.4", garble: "v0.18.0" },
];

/** The release named "1.13" or "1.13.15". */
export function releaseNamed(name: string): Release {
  const found = releases.find((release) => release.minor === name || release.version === name);
  if (!found) throw new Error(`no release ${name}; there are ${releases.map((release) => release.minor).join(", ")}`);
  return found;
}

/** Whether `release` is at least "1.18". */
export function isAtLeast(release: Release, minor: string): boolean {
  return Number(release.minor.split(".")[1]) >= Number(minor.split(".")[1]);
}
