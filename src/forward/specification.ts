/** What a user wants forwarded, as ssh -L and -D spell it (ssh(1)). */
import { ElsewhereError } from "../errors.ts";

/** A port of this machine; `host` undefined: of its loopback interface, "*": of every interface. */
export interface PortHere {
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
}

export interface PortThere {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** A Unix socket; in the target "@name" is an abstract one. */
export interface SocketPath {
  readonly path: string;
}

export interface Forward {
  readonly from: PortHere | SocketPath;
  readonly to: PortThere | SocketPath;
}

const LAST_PORT = 65_535;

/**
 * "[BIND:]PORT:HOST:HOSTPORT", "[BIND:]PORT:PATH", "PATH:HOST:HOSTPORT", "PATH:PATH"; IPv6 addresses in brackets.
 * @throws ElsewhereError `usage`
 */
export function parseForward(text: string): Forward {
  const fields = fieldsOf(text);
  const last = fields.pop() ?? "";
  const to = isPath(last) ? { path: last } : { host: fields.pop() ?? "", port: port(last, text, 1) };
  if ("host" in to && to.host === "") throw wrong(text, "there is no host to go to");
  const [first = "", second] = fields;
  if (fields.length === 1 && first.startsWith("/")) return { from: { path: first }, to };
  if (fields.length === 1) return { from: { host: undefined, port: port(first, text, 0) }, to };
  if (fields.length === 2) return { from: { host: first || "*", port: port(second ?? "", text, 0) }, to };
  throw wrong(text, "there are too few parts, or too many");
}

/** "[BIND:]PORT" @throws ElsewhereError `usage` */
export function parseListen(text: string): PortHere {
  const fields = fieldsOf(text);
  const [first = "", second] = fields;
  if (fields.length === 1) return { host: undefined, port: port(first, text, 0) };
  if (fields.length === 2) return { host: first || "*", port: port(second ?? "", text, 0) };
  throw wrong(text, "it must be [BIND:]PORT");
}

/** "127.0.0.1:80", "[::1]:80", a path */
export function describe(place: PortHere | PortThere | SocketPath): string {
  if ("path" in place) return place.path;
  const { host = "localhost", port } = place;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

const isPath = (field: string): boolean => field.startsWith("/") || field.startsWith("@");

/** What stands between the colons; in brackets colons mean nothing. */
const fieldsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|:)(?:\[([^\]]*)\]|([^:]*))/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? "");

function port(field: string, text: string, least: number): number {
  if (/^\d{1,5}$/.test(field) && Number(field) >= least && Number(field) <= LAST_PORT) return Number(field);
  throw wrong(text, `"${field}" is no port`);
}

const wrong = (text: string, why: string): ElsewhereError =>
  new ElsewhereError({
    code: "usage",
    message: `${text}: ${why}`,
    hint: "as for ssh -L: [BIND:]PORT:HOST:HOSTPORT, or a path in place of either end",
  });
