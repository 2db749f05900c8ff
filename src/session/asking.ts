/** How calls to the agent are made, whatever they are about. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Method } from "../wire/method.ts";

/** @returns the answer, or −errno: the target's, −EINTR when `signal` has ended the call, −EIO when the connection is lost */
export type Ask = <I extends DescMessage, O extends DescMessage>(
  method: Method<I, O>,
  request: MessageInitShape<I>,
  signal?: AbortSignal,
) => Promise<MessageShape<O> | number>;
