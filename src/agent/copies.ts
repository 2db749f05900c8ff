/** Content that moves inside the target. */
import { CopiesService } from "../wire/generated/elsewhere/v1/copies_pb.ts";
import type { Connection } from "./connection.ts";
import { checked } from "./errno.ts";

/** Bytes that one call copies at most: others want to be served as well. */
const MOST = 0x400_0000n;

export function serveCopies(connection: Connection): void {
  const { kernel, handles } = connection;

  connection.on(CopiesService.method.copy, async ({ from, fromOffset, to, toOffset, length }) => {
    const [source, sink] = [handles.get(from).descriptor, handles.get(to).descriptor];
    const offsets = [fromOffset, toOffset].map((offset) => new Uint8Array(BigUint64Array.of(offset).buffer));
    const [at = new Uint8Array(8), into = new Uint8Array(8)] = offsets;
    const most = length < MOST ? length : MOST;
    const letGo = handles.hold([from, to]);
    try {
      return { copied: BigInt(checked(await kernel.make("copy_file_range", source, at, sink, into, most, 0))) };
    } finally {
      letGo();
    }
  });
}
