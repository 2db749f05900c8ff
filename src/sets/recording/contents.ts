/** A recording as replaying looks things up in it. */
import type { EventKind, EventOf, RecordedEvent } from "./events.ts";
import { readRecording } from "./reader.ts";

/** What was at a path, from the `after`th naming on. */
export interface Version {
  readonly node: EventOf<"node">;
  readonly content: EventOf<"content"> | undefined;
}

export class Recording {
  readonly path: string;
  readonly events: readonly RecordedEvent[];
  readonly #blobs: readonly Uint8Array[];
  /** In the order of `after`. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;

  /** @throws ElsewhereError `recording-unusable` */
  constructor(path: string) {
    const { events, blobs } = readRecording(path);
    this.path = path;
    this.events = events;
    this.#blobs = blobs;
    const contents = new Map(this.all("content").map((content) => [`${content.after} ${content.path}`, content]));
    const versions = new Map<string, Version[]>();
    for (const node of this.all("node")) {
      const of = versions.get(node.path) ?? [];
      versions.set(node.path, of);
      of.push({ node, content: contents.get(`${node.after} ${node.path}`) });
    }
    this.versions = versions;
  }

  all<K extends EventKind>(kind: K): EventOf<K>[] {
    return this.events.filter(({ k }) => k === kind) as unknown as EventOf<K>[];
  }

  /** Undefined for null, and for a number that no blob has. */
  blob(id: number | null): Uint8Array | undefined {
    return id === null ? undefined : this.#blobs[id];
  }
}

export const bytesOf = (base64: string): Buffer => Buffer.from(base64, "base64");
