/** Calls to the agent as hooks need them: an answer with an errno, whatever happens to the connection. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Session } from "../session/session.ts";
import { ConnectionLost } from "../wire/client.ts";
import { FilesService } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { Method } from "../wire/method.ts";

/** include/uapi/asm-generic/errno-base.h: what a disk says that is gone. */
const EIO = 5;

export const methods: typeof FilesService.method = FilesService.method;

/** What a path means to the agent. */
export interface RemotePlace {
  /** An open directory; 0n: the root. */
  readonly directory: bigint;
  readonly path: Uint8Array;
}

export class Remote {
  readonly session: Session;
  /** Writes that a program believes done and the agent does not have yet, by whoever holds them. */
  readonly unwritten: Set<{ flush(): Promise<unknown> }> = new Set();

  constructor(session: Session) {
    this.session = session;
  }

  /** @returns the answer; `errno` is EIO where there is none */
  async ask<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O> & { readonly errno: number }> {
    try {
      return (await this.session.call(method, request, signal)) as MessageShape<O> & { readonly errno: number };
    } catch (error) {
      if (error instanceof ConnectionLost) return { errno: EIO } as MessageShape<O> & { readonly errno: number };
      throw error;
    }
  }

  /** The same of a call that may see what was written before it. */
  async look<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O> & { readonly errno: number }> {
    for (const each of this.unwritten) await each.flush();
    return this.ask(method, request);
  }

  /** The call's result as a register: 0, or −errno. */
  async result<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
  ): Promise<number> {
    const { errno } = await this.look(method, request);
    return -errno;
  }
}

/** The open file itself. */
export const itself = (handle: bigint): RemotePlace => ({ directory: handle, path: new Uint8Array(0) });
/** An absolute path. */
export const at = (path: string): RemotePlace => ({ directory: 0n, path: Buffer.from(path) });
