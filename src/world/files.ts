/** The target's files as a world asks for them: what was asked lately need not be asked again (near-files.ts). */
import type { RemoteFile, RemotePlace } from "../session/remote-file.ts";
import type { RemoteFiles } from "../session/remote-files.ts";

export interface Files extends Omit<RemoteFiles, "resume"> {
  /** A program has written to the file: it is on its way. */
  touched(file: RemoteFile): void;
  /** Grows whenever what was read of the file before does not count any more. */
  stamp(file: RemoteFile): number;
}

export type { RemoteFile, RemotePlace };
