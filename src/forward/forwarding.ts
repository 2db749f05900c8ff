/** A port or path of this machine whose connections go on from the target. */
import type { Socket } from "node:net";
import { errnoText } from "../linux/errno.ts";
import type { RemoteNetwork } from "../session/remote-network.ts";
import { dial } from "./dial.ts";
import { join, reset } from "./join.ts";
import { Listener } from "./listener.ts";
import { describe, type Forward } from "./specification.ts";

/** For people: why a connection did not come to be. */
export type Complain = (text: string) => void;

/** @throws ElsewhereError `listen-failed` */
export const startForwarding = (network: RemoteNetwork, { from, to }: Forward, complain: Complain): Promise<Listener> =>
  Listener.on(from, (socket) => void goOn(network, socket, to, complain));

async function goOn(network: RemoteNetwork, socket: Socket, to: Forward["to"], complain: Complain): Promise<void> {
  const outcome = await dial(network, to);
  if (typeof outcome !== "number") {
    join(socket, outcome);
    return;
  }
  if (socket.destroyed) return; // nobody waits for it any more
  reset(socket); // as a port that nobody listens on would do
  complain(`${describe(to)}: ${failureText(-outcome, "path" in to)}`);
}

/** What the number of an error means of a host, or of a path. */
export function failureText(errno: number, isPath: boolean = false): string {
  if (isPath) return errnoText(errno);
  if (errno === ENOENT) return "there is no such host in the target";
  return errno === EAGAIN ? "no server of the target's has told what its address is" : errnoText(errno);
}

const ENOENT = 2;
const EAGAIN = 11;
