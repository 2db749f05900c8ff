/** How many bytes a call may answer: what both ends count on before there is an answer. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { AgentService } from "./generated/elsewhere/v1/agent_pb.ts";
import { FilesService } from "./generated/elsewhere/v1/files_pb.ts";
import { InterfacesService } from "./generated/elsewhere/v1/interfaces_pb.ts";
import { PipesService } from "./generated/elsewhere/v1/pipes_pb.ts";
import { limits } from "./limits.ts";
import type { Method } from "./method.ts";

type Room = (request: never) => number;

const files = FilesService.method;

const rooms = new Map<Method, Room>();

function declare<I extends DescMessage>(method: Method<I>, room: (request: MessageShape<I>) => number): void {
  rooms.set(method, room);
}

declare(AgentService.method.hello, () => limits.messageBytes);
declare(files.open, ({ contentLimit }) => limits.answerBytes + Math.min(contentLimit, limits.dataBytes));
declare(files.read, ({ length }) => limits.answerBytes + Math.min(length, limits.dataBytes));
declare(files.readDirectory, () => limits.answerBytes + limits.entryBytes);
declare(files.getExtendedAttribute, ({ size }) => limits.answerBytes + Math.min(size, limits.attributeBytes));
declare(files.listExtendedAttributes, ({ size }) => limits.answerBytes + Math.min(size, limits.attributeBytes));
declare(PipesService.method.readPipe, ({ length }) => limits.answerBytes + Math.min(length, limits.dataBytes));
declare(InterfacesService.method.askNetlink, () => limits.answerBytes + limits.dataBytes);
declare(InterfacesService.method.examine, () => limits.answerBytes + limits.dataBytes);

/** @returns bytes of the answer, its frame not counted */
export function roomOf<I extends DescMessage>(method: Method<I>, request: MessageShape<I>): number {
  const room = rooms.get(method) as ((request: MessageShape<I>) => number) | undefined;
  return room?.(request) ?? limits.answerBytes;
}
