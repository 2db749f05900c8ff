/**
 * Questions about names on their way to a DNS server (RFC 1035): by a rule about the name some are answered from this machine
 * instead, and of all answers it is remembered which addresses the names have got.
 */
import dns, { type DecodedPacket, type Question } from "dns-packet";
import type { OutgoingMode, OutgoingPolicy, OutgoingRule } from "../../config/outgoing.ts";
import { answersHere, type HereAnswer, rcodes } from "./answers-here.ts";
import type { KnownNames } from "./known-names.ts";
import { DNS_PORT } from "./routing.ts";

/** Hears whose answer counted. */
export interface NameListener {
  name(name: string, mode: OutgoingMode, rule: OutgoingRule): void;
}

/** Whom the program asks. */
export interface NameServer {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
}

/** What a datagram may hold where nobody says otherwise (RFC 1035, section 4.2.1). */
const DATAGRAM = 512;

export class Questions {
  readonly #policy: OutgoingPolicy;
  readonly #names: KnownNames;
  readonly #report: NameListener | undefined;

  constructor(policy: OutgoingPolicy, names: KnownNames, report?: NameListener) {
    this.#policy = policy;
    this.#names = names;
    this.#report = report;
  }

  /** @returns undefined where the server is to be asked, as for what is no question */
  ask(message: Uint8Array, server: NameServer): Promise<Uint8Array> | undefined {
    const packet = decoded(message);
    const [question] = packet?.questions ?? [];
    if (packet === undefined || question === undefined || packet.type !== "query" || packet.questions?.length !== 1)
      return undefined;
    const { mode, name } = this.#decide(question.name, server);
    if (mode === "remote") return undefined;
    const most = server.protocol === "tcp" ? undefined : roomIn(packet);
    if (mode === "refuse")
      return Promise.resolve(answerTo(packet, question, { rcode: rcodes.REFUSED, records: [] }, most));
    return answersHere(name, question.type).then((answer) => {
      const reply = answerTo(packet, question, answer, most);
      this.heard(reply);
      return reply;
    });
  }

  /** An answer that the program gets. */
  heard(message: Uint8Array): void {
    const { type, questions = [], answers = [] } = decoded(message) ?? {};
    if (type !== "response") return;
    for (const answer of answers) {
      if (answer.type !== "A" && answer.type !== "AAAA") continue;
      this.#names.learn(answer.data, answer.name);
      for (const { name } of questions) this.#names.learn(answer.data, name);
    }
  }

  /** @returns with the name as it is to be asked for here */
  #decide(asked: string, { protocol, address }: NameServer): { readonly mode: OutgoingMode; readonly name: string } {
    const names = this.#names.within(asked);
    const said = this.#policy.decideName(names);
    const rule = said ?? this.#policy.decide({ protocol, address, port: DNS_PORT });
    this.#report?.name(names[0] ?? asked, rule.mode, rule);
    return { mode: rule.mode, name: names.find((name) => said?.compiled.hasName?.(name)) ?? asked };
  }
}

/** Undefined for what is no message of DNS. */
function decoded(message: Uint8Array): DecodedPacket | undefined {
  try {
    return dns.decode(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  } catch {
    return undefined;
  }
}

/** What the asker has room for (RFC 6891, section 6.2.3). */
function roomIn({ additionals = [] }: DecodedPacket): number {
  const options = additionals.find((record) => record.type === "OPT");
  return Math.max(DATAGRAM, options?.type === "OPT" ? options.udpPayloadSize : 0);
}

/** @param most bytes; what is longer is cut, and the asker comes again by TCP */
function answerTo(
  { id = 0 }: DecodedPacket,
  question: Question,
  { rcode, records }: HereAnswer,
  most: number | undefined,
): Uint8Array {
  const answer = (flags: number, answers: HereAnswer["records"]): Buffer =>
    dns.encode({
      type: "response",
      id,
      flags: flags | dns.RECURSION_DESIRED | dns.RECURSION_AVAILABLE | rcode,
      questions: [question],
      answers: answers.map((record) => ({ ...record, name: question.name })),
    });
  const whole = answer(0, records);
  return most === undefined || whole.length <= most ? whole : answer(dns.TRUNCATED_RESPONSE, []);
}
