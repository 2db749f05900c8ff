/** A call of the protocol: its path, and what goes there and back. */
import type { DescMethodUnary, DescMessage } from "@bufbuild/protobuf";

export type Method<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> = DescMethodUnary<I, O>;

/** "/elsewhere.v1.FilesService/Open" */
export const pathOf = ({ parent, name }: Method): string => `/${parent.typeName}/${name}`;
