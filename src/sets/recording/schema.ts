/** Checks that a line of a recording is an event: {@link Events} as a schema. */
import { z } from "zod";
import type { EventKind, RecordedEvent } from "./events.ts";

const count = z.int().nonnegative();
const integer = z.string().regex(/^-?\d{1,20}$/);
const base64 = z.string().regex(/^[A-Za-z\d+/]*={0,2}$/);
const kind = z.enum(["absent", "file", "directory", "symlink", "other"]);
const path = z.string().startsWith("/");

const stat = z.object({
  dev: integer,
  ino: integer,
  mode: count,
  nlink: integer,
  uid: count,
  gid: count,
  rdev: integer,
  size: integer,
  blksize: integer,
  blocks: integer,
  atime: integer,
  mtime: integer,
  ctime: integer,
  btime: integer,
});

const strings = z.array(z.string());
const schemas: Readonly<Record<EventKind, z.ZodType>> = {
  process: z.object({
    id: count,
    parent: count.nullable(),
    program: z.string(),
    argv: strings,
    cwd: z.string(),
    env: strings,
  }),
  node: z.object({ path, after: count, kind, stat: stat.optional(), target: z.string().optional() }),
  content: z.object({ path, after: count, blob: count.nullable(), why: z.string().optional() }),
  list: z.object({ path, after: count, names: strings }),
  blob: z.object({ id: count, data: base64, sha256: z.string().optional() }),
  failure: z.object({ call: z.string(), path, nth: count, errno: count }),
  answer: z.object({ key: z.string(), result: z.int(), data: base64 }),
  random: z.object({ process: count, data: base64 }),
  input: z.object({ data: base64 }),
  output: z.object({ fd: count, data: base64 }),
  socket: z.object({ id: count, process: count, family: z.int(), type: z.int(), protocol: z.int() }),
  local: z.object({ socket: count, address: base64 }),
  remote: z.object({ socket: count, address: base64 }),
  connect: z.object({ socket: count, address: base64, errno: count }),
  bind: z.object({ socket: count, address: base64 }),
  listen: z.object({ socket: count }),
  accept: z.object({ listener: count, socket: count, sent: count }),
  receive: z.object({ socket: count, sent: count, data: base64, from: base64.optional() }),
  send: z.object({ socket: count, data: base64, to: base64.optional() }),
  broken: z.object({ socket: count, sent: count, errno: count }),
  result: z.object({ path, kind, mode: count, target: z.string().optional(), blob: count.nullable() }),
  end: z.object({ events: count }),
};

const headerSchema = z.object({ format: z.string(), version: z.int() });

/** The first line; undefined where it is none. */
export const parseHeader = (value: unknown): { readonly format: string; readonly version: number } | undefined =>
  headerSchema.safeParse(value).data;

/** @returns the event, or what is wrong with it */
export function parseEvent(value: unknown): RecordedEvent | string {
  const k: unknown = (value as { k?: unknown } | null)?.k;
  if (typeof k !== "string" || !Object.hasOwn(schemas, k)) return "there is no such event";
  const { error } = schemas[k as EventKind].safeParse(value);
  if (error === undefined) return value as RecordedEvent;
  return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
