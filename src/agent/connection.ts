/** What an agent knows of one connection, and how its calls are answered. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { KernelCalls } from "../linux/kernel-calls.ts";
import { u32, u64 } from "../linux/scalar.ts";
import type { Clock } from "../wire/clock.ts";
import type { Method } from "../wire/method.ts";
import { type FlowHandler, Refusal, Routes } from "../wire/routes.ts";
import { status } from "../wire/status.ts";
import { flags as o } from "./constants.ts";
import { checked, Errno } from "./errno.ts";
import { type Handle, Handles } from "./handles.ts";
import { Locks } from "./locks.ts";
import { TargetRoot } from "./root.ts";

/** The calls that an agent makes. */
export type Kernel = Pick<KernelCalls, "make" | "makeNow">;

/** A request, as far as it names open files. */
interface NamesHandles {
  readonly handle?: bigint;
  readonly place?: { readonly directory: bigint };
  readonly from?: { readonly directory: bigint };
  readonly to?: { readonly directory: bigint };
  readonly lock?: unknown;
}

/** Who waits for a lock looks each time whether the file is still open, and does not hold it. */
function handlesIn(request: NamesHandles): bigint[] {
  const { handle, place, from, to } = request;
  const named = [request.lock === undefined ? handle : undefined, place?.directory, from?.directory, to?.directory];
  return named.filter((each) => each !== undefined);
}

export class Connection implements Disposable {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly handles: Handles = new Handles();
  readonly locks: Locks;
  readonly routes: Routes = new Routes();
  readonly root: TargetRoot;
  /** Whether both ends have agreed on a version. */
  isGreeted = false;

  /** @param root the target's root, as this process can open it */
  constructor(kernel: Kernel, clock: Clock, root: string) {
    this.kernel = kernel;
    this.clock = clock;
    this.locks = new Locks(kernel);
    this.root = new TargetRoot(kernel, root);
  }

  /** Answers a call of files: an {@link Errno} that the handler throws is its answer. */
  on<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    handler: (request: MessageShape<I>, signal: AbortSignal) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
  ): void {
    this.routes.on(method, async (request, signal): Promise<MessageInitShape<O>> => {
      if (!this.isGreeted) throw new Refusal(status.failedPrecondition, "Hello comes first");
      const letGo = this.handles.hold(handlesIn(request as NamesHandles));
      try {
        return await handler(request, signal);
      } catch (error) {
        if (error instanceof Errno) return { errno: error.number } as unknown as MessageInitShape<O>;
        throw error;
      } finally {
        letGo();
      }
    });
  }

  /** Answers a call whose stream stays. */
  onFlow<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: FlowHandler<I>): void {
    this.routes.onFlow(method, (request, stream) => {
      if (!this.isGreeted) throw new Refusal(status.failedPrecondition, "Hello comes first");
      return handler(request, stream);
    });
  }

  /** For calls that move the file's offset. */
  inTurn<T>(handle: bigint, work: (handle: Handle) => Promise<T>): Promise<T> {
    const open = this.handles.get(handle);
    const result = open.turn.then(() => work(open));
    open.turn = result.catch(() => undefined);
    return result;
  }

  /** Which file it is: "DEVICE:INODE". */
  fileOf(descriptor: number): string {
    const statx = new Uint8Array(256);
    checked(this.kernel.makeNow("statx", descriptor, "", o.AT_EMPTY_PATH, 0x7ff, statx));
    return `${u32(statx, 0x88)},${u32(statx, 0x8c)}:${u64(statx, 0x20)}`;
  }

  /** Closes what the other end has left open. */
  [Symbol.dispose](): void {
    for (const { descriptor } of this.handles.all()) this.kernel.makeNow("close", descriptor);
    this.locks.closeAll();
    this.root[Symbol.dispose]();
  }
}
