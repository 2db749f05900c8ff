/** One file of `virtualFiles`, kept as long as its content is the same: the same inode for whoever looks at it. */
import { type Content, SealedFile } from "../hooks/sealed-file.ts";
import type { AnyCall, Outcome } from "../hooks/types.ts";

/** What is in a file: always the same, or what the function says each time when the file is opened or examined. */
export type VirtualContent = Content["content"] | ((call: AnyCall) => Content["content"] | Promise<Content["content"]>);

interface Kept {
  readonly file: SealedFile;
  users: number;
}

export class KeptFile {
  readonly #path: string;
  readonly #content: VirtualContent;
  #latest: Kept | undefined;

  constructor(path: string, content: VirtualContent) {
    this.#path = path;
    this.#content = content;
  }

  /** Calls `serve` with the file as it is now. */
  use(call: AnyCall, serve: (file: SealedFile) => Promise<Outcome>): Promise<Outcome> {
    if (typeof this.#content === "function") return this.#useOnce(this.#content(call), serve);
    return serve(this.#keep(this.#content).file);
  }

  async #useOnce(
    given: Content["content"] | Promise<Content["content"]>,
    serve: (file: SealedFile) => Promise<Outcome>,
  ): Promise<Outcome> {
    const kept = this.#keep(await given);
    kept.users++;
    try {
      return await serve(kept.file);
    } finally {
      kept.users--;
      this.#letGo(kept);
    }
  }

  #keep(content: string | Uint8Array): Kept {
    const before = this.#latest;
    if (before !== undefined && isSame(before.file.content, content)) return before;
    // A copy: the program must not see what happens to the bytes later.
    const own = typeof content === "string" ? content : Uint8Array.from(content);
    this.#latest = { file: new SealedFile(this.#path, { content: own }), users: 0 };
    if (before !== undefined) this.#letGo(before);
    return this.#latest;
  }

  #letGo(kept: Kept): void {
    if (kept !== this.#latest && kept.users === 0) kept.file[Symbol.dispose]();
  }
}

const isSame = (one: string | Uint8Array, other: string | Uint8Array): boolean =>
  typeof one === "string" || typeof other === "string" ? one === other : Buffer.compare(one, other) === 0;
