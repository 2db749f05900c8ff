/**
 * A recorded socket as turns: what the program sent, and what it got then. A turn ends where it sends again. What is asked
 * decides what is answered, so turns are told by what was sent in them.
 */
import { bytesOf, type Recording } from "./contents.ts";
import type { EventOf, RecordedEvent } from "./events.ts";

/** Something that came: data, the other side's end, or an error. */
export interface Arrival {
  readonly data: Buffer;
  readonly from: Buffer | undefined;
  readonly isEnd: boolean;
}

export interface Turn {
  /** Nothing in the first one where the other side began. */
  readonly sent: Buffer;
  /** Of message sockets: where to; undefined where it is connected. */
  readonly to: string | undefined;
  readonly arrivals: Arrival[];
  /** A replay has used it. */
  used: boolean;
}

export interface Script {
  readonly id: number;
  readonly process: number;
  readonly isStream: boolean;
  readonly family: number;
  readonly protocol: number;
  readonly turns: Turn[];
  /** struct sockaddr. */
  local: Buffer | undefined;
  remote: Buffer | undefined;
  /** base64 of struct sockaddr: what connect and bind named. */
  destination: string | undefined;
  bound: string | undefined;
  /** What connect said in the end; 0 for a connection. */
  connectErrno: number;
  /** Of a listener: its connections in order. */
  readonly accepted: { readonly script: Script; readonly sent: number }[];
  isAccepted: boolean;
  claimed: boolean;
}

const SOCK_STREAM = 1;

/** A socket's transfers in the order in which they were seen. */
interface Transfers {
  readonly script: Script;
  readonly sends: EventOf<"send">[];
  readonly arrivals: (Arrival & { readonly sent: number })[];
}

/** All sockets of a recording. */
export function scriptsOf(recording: Recording): Script[] {
  const all = new Map<number, Transfers>();
  for (const event of recording.events) {
    if (event.k === "socket") all.set(event.id, { script: begin(event), sends: [], arrivals: [] });
    else if (event.k === "accept") {
      const script = all.get(event.socket)?.script;
      if (script === undefined) continue;
      all.get(event.listener)?.script.accepted.push({ script, sent: event.sent });
      script.isAccepted = true;
    } else if ("socket" in event) {
      const transfers = all.get(event.socket);
      if (transfers !== undefined) add(transfers, event);
    }
  }
  for (const transfers of all.values()) {
    if (transfers.script.isStream) cutStream(transfers);
    else cutMessages(transfers);
  }
  return [...all.values()].map(({ script }) => script);
}

const begin = ({ id, process, family, type, protocol }: EventOf<"socket">): Script => ({
  id,
  process,
  family,
  protocol,
  isStream: type === SOCK_STREAM,
  turns: [],
  local: undefined,
  remote: undefined,
  destination: undefined,
  bound: undefined,
  connectErrno: 0,
  accepted: [],
  isAccepted: false,
  claimed: false,
});

type SocketEvent = Extract<RecordedEvent, { readonly socket: number }>;

function add({ script, sends, arrivals }: Transfers, event: SocketEvent): void {
  if (event.k === "local") script.local = bytesOf(event.address);
  else if (event.k === "remote") script.remote = bytesOf(event.address);
  else if (event.k === "bind") script.bound = event.address;
  else if (event.k === "connect") [script.destination, script.connectErrno] = [event.address, event.errno];
  else if (event.k === "send") sends.push(event);
  else if (event.k === "receive") {
    const data = bytesOf(event.data);
    const from = event.from === undefined ? undefined : bytesOf(event.from);
    arrivals.push({ data, from, isEnd: script.isStream && data.length === 0, sent: event.sent });
  } else if (event.k === "broken") {
    // Before anything came or went it is how connecting ended.
    if (sends.length === 0 && arrivals.length === 0 && script.destination !== undefined)
      script.connectErrno ||= event.errno;
    else if (script.isStream) arrivals.push({ data: Buffer.alloc(0), from: undefined, isEnd: true, sent: event.sent });
  }
}

/** By how much had been sent when something came: threads report in another order than they act. */
function cutStream({ script: { turns }, sends, arrivals }: Transfers): void {
  const whole = Buffer.concat(sends.map(({ data }) => bytesOf(data)));
  let at = 0;
  for (const arrival of arrivals) {
    const until = Math.min(arrival.sent, whole.length);
    if (turns.length === 0 || until > at)
      turns.push({ sent: whole.subarray(at, Math.max(at, until)), to: undefined, arrivals: [], used: false });
    at = Math.max(at, until);
    turns.at(-1)?.arrivals.push(arrival);
  }
  if (at < whole.length) turns.push({ sent: whole.subarray(at), to: undefined, arrivals: [], used: false });
}

/** A turn for each message that was sent, and one in front for what came unasked. */
function cutMessages({ script: { turns }, sends, arrivals }: Transfers): void {
  turns.push({ sent: Buffer.alloc(0), to: undefined, arrivals: [], used: false });
  for (const { data, to } of sends) turns.push({ sent: bytesOf(data), to, arrivals: [], used: false });
  for (const arrival of arrivals) turns[Math.min(arrival.sent, turns.length - 1)]?.arrivals.push(arrival);
}
