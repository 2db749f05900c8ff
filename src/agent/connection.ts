/** What an agent knows of one connection, and how its calls are answered. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { u32, u64 } from "../linux/scalar.ts";
import { requireHostMachine } from "../machine/machines.ts";
import type { Method } from "../wire/method.ts";
import { type FlowHandler, Refusal, Routes } from "../wire/server.ts";
import { status } from "../wire/status.ts";
import { flags as o } from "./constants.ts";
import { checked, Errno } from "./errno.ts";
import { type Handle, Handles } from "./handles.ts";
import { Locks } from "./locks.ts";
import { TargetRoot } from "./root.ts";

export class Connection implements Disposable {
  readonly kernel: KernelCalls = new KernelCalls(requireHostMachine().calls);
  readonly handles: Handles = new Handles();
  readonly locks: Locks = new Locks(this.kernel);
  readonly routes: Routes = new Routes();
  readonly root: TargetRoot;
  /** Whether both ends have agreed on a version. */
  isGreeted = false;

  /** @param root the target's root, as this process can open it */
  constructor(root: string) {
    this.root = new TargetRoot(this.kernel, root);
  }

  /** Answers a call of files: an {@link Errno} that the handler throws is its answer. */
  on<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    handler: (request: MessageShape<I>, signal: AbortSignal) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
  ): void {
    this.routes.on(method, async (request, signal): Promise<MessageInitShape<O>> => {
      if (!this.isGreeted) throw new Refusal(status.failedPrecondition, "Hello comes first");
      try {
        return await handler(request, signal);
      } catch (error) {
        if (error instanceof Errno) return { errno: error.number } as unknown as MessageInitShape<O>;
        throw error;
      }
    });
  }

  /** Answers a call whose stream stays. */
  onFlow<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: FlowHandler<I>): void {
    this.routes.onFlow(method, (request, stream) => {
      if (!this.isGreeted) throw new Refusal(status.failedPrecondition, "Hello comes first");
      handler(request, stream);
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
