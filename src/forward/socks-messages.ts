/** The messages of SOCKS 5 (RFC 1928). */
import type { Duplex } from "node:stream";
import { beU16, ipv4, ipv6 } from "../linux/inet.ts";
import { readBytes } from "../wire/flow.ts";
import type { PortThere } from "./specification.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const NO_ACCEPTABLE_METHODS = 0xff;
/** ATYP, section 5 */
const addressTypes = { v4: 1, name: 3, v6: 4 } as const;

/** CMD, section 4 */
export const commands = { connect: 1, bind: 2, associate: 3 } as const;

/** REP, section 6 */
export const replies = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  timedOut: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

export interface Request {
  readonly command: number;
  /** Undefined for an address of a kind that nobody knows. */
  readonly to: PortThere | undefined;
}

/** An address in a reply or in front of a datagram. */
export interface BoundAddress {
  /** 4 or 16 bytes */
  readonly ip: Uint8Array;
  readonly port: number;
}

/**
 * Section 3. What is said after it needs no password.
 * @returns false where the client will not do without, or speaks something else
 * @throws Error when the stream ends before
 */
export async function greet(stream: Duplex): Promise<boolean> {
  const [version, count = 0] = await readBytes(stream, 2);
  if (version !== VERSION) return false;
  const methods = count === 0 ? Buffer.alloc(0) : await readBytes(stream, count);
  const isAccepted = methods.includes(NO_AUTHENTICATION);
  stream.write(Uint8Array.of(VERSION, isAccepted ? NO_AUTHENTICATION : NO_ACCEPTABLE_METHODS));
  return isAccepted;
}

/** Section 4. @throws Error when the stream ends before */
export async function readRequest(stream: Duplex): Promise<Request> {
  const [, command = 0, , type = 0] = await readBytes(stream, 4);
  const length = await lengthOf(type, () => readBytes(stream, 1));
  if (length === undefined) return { command, to: undefined };
  const rest = await readBytes(stream, length + 2);
  return { command, to: { host: hostOf(type, rest.subarray(0, length)), port: beU16(rest, length) } };
}

/** Section 6. */
export const reply = (code: number, bound: BoundAddress = NOWHERE): Uint8Array =>
  Buffer.concat([Uint8Array.of(VERSION, code, 0), addressBytes(bound)]);

const NOWHERE: BoundAddress = { ip: new Uint8Array(4), port: 0 };

/** A datagram with where it goes, or came from (section 7). */
export interface AddressedDatagram {
  readonly to: PortThere;
  readonly data: Uint8Array;
}

/** Undefined for a fragment, which nobody need put together, and for what is no such datagram. */
export function readDatagram(bytes: Uint8Array): AddressedDatagram | undefined {
  const [, , fragment, type = 0, first = 0] = bytes;
  const isName = type === addressTypes.name;
  const length = isName ? first : type === addressTypes.v4 ? 4 : type === addressTypes.v6 ? 16 : undefined;
  const at = DATAGRAM_HEAD + (isName ? 1 : 0);
  if (fragment !== 0 || length === undefined || bytes.length < at + length + 2) return undefined;
  const host = hostOf(type, bytes.subarray(at, at + length));
  return { to: { host, port: beU16(bytes, at + length) }, data: bytes.subarray(at + length + 2) };
}

export const writeDatagram = (from: BoundAddress, data: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(0, 0, 0), addressBytes(from), data]);

/** RSV, FRAG, ATYP */
const DATAGRAM_HEAD = 4;

async function lengthOf(type: number, readLength: () => Promise<Buffer>): Promise<number | undefined> {
  if (type === addressTypes.v4) return 4;
  if (type === addressTypes.v6) return 16;
  return type === addressTypes.name ? (await readLength())[0] : undefined;
}

function hostOf(type: number, bytes: Uint8Array): string {
  if (type === addressTypes.v4) return ipv4(bytes, 0);
  return type === addressTypes.v6 ? ipv6(bytes, 0) : Buffer.from(bytes).toString();
}

/** ATYP, address, port */
function addressBytes({ ip, port }: BoundAddress): Uint8Array {
  const type = ip.length === 4 ? addressTypes.v4 : addressTypes.v6;
  return Buffer.concat([Uint8Array.of(type), ip, Uint8Array.of(port >> 8, port & 0xff)]);
}
