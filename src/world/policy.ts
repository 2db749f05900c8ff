/** Which files are where. */

/** `remote` can be read and written, `remote-read` read only; `absent` are nowhere. */
export type FileMode = "local" | "remote" | "remote-read" | "absent";

export interface FilePolicy {
  /** @param path absolute, without `.`, `..` and double slashes */
  decide(path: string): { readonly mode: FileMode };
}
