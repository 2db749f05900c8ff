/** Makes one of a connection of this machine and one of the target: data, ends and resets go through, either way. */
import type { Socket } from "node:net";
import type { RemoteConnection } from "../session/remote-network.ts";
import { flowCode, joinFlow } from "../wire/flow.ts";

/** @param socket made with `allowHalfOpen` */
export function join(socket: Socket, { stream }: RemoteConnection): void {
  if (socket.destroyed) {
    stream.close(flowCode.cancelled);
    return;
  }
  socket.setNoDelay(true); // what comes in one piece has been put together at the other end
  joinFlow(socket, stream, () => reset(socket));
  stream.once("close", () => {
    if (stream.rstCode === flowCode.closed) socket.destroySoon();
    else reset(socket);
  });
}

/** A Unix socket has no reset that its owner could ask for. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
