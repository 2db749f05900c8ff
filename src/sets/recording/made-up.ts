/**
 * Files whose content the kernel makes up when they are read (/proc, /sys): what the program read is what was in them, in
 * each opening by itself.
 */
import type { AnyCall, Outcome } from "../../hooks/types.ts";

const key = Symbol("made up");

export const isMadeUp = (path: string): boolean => /^\/(?:proc|sys)\//.test(path);

export class MadeUpFile {
  readonly path: string;
  /** How often the path had been named before this opening. */
  readonly after: number;
  #content: Buffer = Buffer.alloc(0);
  #offset = 0;
  #isTold = false;
  readonly #tell: (file: MadeUpFile) => void;

  /** @param tell called when the program has read all of it */
  constructor(path: string, after: number, tell: (file: MadeUpFile) => void) {
    this.path = path;
    this.after = after;
    this.#tell = tell;
  }

  get content(): Uint8Array {
    return this.#content;
  }

  /** The file behind a descriptor. */
  static of(call: AnyCall, fd: number): MadeUpFile | undefined {
    const file = call.process.descriptors.get(fd)?.data.get(key);
    return file instanceof MadeUpFile ? file : undefined;
  }

  /** Has its reads asked for. */
  open({ process: { descriptors } }: AnyCall, fd: number): void {
    descriptors.get(fd)?.data.set(key, this);
    descriptors.mark(fd);
  }

  async read(call: AnyCall): Promise<Outcome> {
    const result = await call.proceed();
    if (result === null || result < 0 || call.buffer === undefined) return result;
    const bytes = call.buffer.read(result);
    const at = call.is("pread64") ? call.args.pos : this.#offset;
    if (!call.is("pread64")) this.#offset += result;
    this.#content = Buffer.concat([this.#content.subarray(0, at), bytes, this.#content.subarray(at + result)]);
    if (result === 0 && call.buffer.length > 0) this.end();
    return result;
  }

  /** As much as was read of it is what was in it. */
  end(): void {
    if (!this.#isTold) this.#tell(this);
    this.#isTold = true;
  }
}
