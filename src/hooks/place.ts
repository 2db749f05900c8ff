/** Which line of a user's file a stack trace comes from. */
import { fileURLToPath } from "node:url";

/** Where in a file something is. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const frame = /(?:^|[\s(])((?:file:\/\/|\/)[^()]*?):(\d+):(\d+)\)?$/;
/** The folder that holds all layers: their frames are not the user's. */
const own = fileURLToPath(new URL("..", import.meta.url));

/**
 * The first frame that is in a file, but not in one of ours.
 * @param skip frames at the top that do not count
 */
export function placeOf(stack: string | undefined, skip: number = 0): Place | undefined {
  const lines = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  for (const line of lines.slice(skip)) {
    const [, where = "", row, column] = frame.exec(line.replace(/^\s+at /, "")) ?? [];
    if (where === "") continue;
    const file = pathOf(where);
    if (!file.startsWith(own)) return { file, line: Number(row), column: Number(column) };
  }
  return undefined;
}

/** A module's URL, perhaps with the query that a reload adds, as a path. */
function pathOf(where: string): string {
  const plain = where.replace(/\?.*$/, "");
  return plain.startsWith("file:") ? fileURLToPath(plain) : plain;
}
