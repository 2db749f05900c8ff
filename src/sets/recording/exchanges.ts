/** Messages in a replay: what is sent finds what was answered to it. Questions to name servers are known by what they ask. */
import { addressText } from "./address-text.ts";
import { bytesOf } from "./contents.ts";
import { type Difference, firstDifference, nearest } from "./differences.ts";
import { isNameServer, questionText, refusalOf, withIdOf, withoutId } from "./dns.ts";
import type { Arrival, Script, Turn } from "./script.ts";

export class Exchanges {
  readonly #scripts: readonly Script[];
  readonly #tell: (difference: Difference) => void;

  constructor(scripts: readonly Script[], tell: (difference: Difference) => void) {
    this.#scripts = scripts.filter(({ isStream }) => !isStream);
    this.#tell = tell;
  }

  /** What comes before the socket has sent anything. */
  unasked({ turns: [first] }: Script): readonly Arrival[] {
    if (first === undefined || first.used || first.sent.length > 0) return [];
    first.used = true;
    return first.arrivals;
  }

  /**
   * What comes after this message.
   * @param own the recorded socket that the sender stands for
   * @param to  struct sockaddr as base64
   */
  answer(own: Script | undefined, to: string | undefined, message: Buffer): readonly Arrival[] {
    const isQuestion = isNameServer(to);
    const essence = (bytes: Buffer): Buffer => (isQuestion ? withoutId(bytes) : bytes);
    const all = [...(own === undefined ? [] : [own]), ...this.#scripts.filter((script) => script !== own)].flatMap(
      (script) =>
        script.turns.flatMap((turn, at) =>
          at > 0 && (turn.to ?? script.destination) === to ? [{ turn, script }] : [],
        ),
    );
    const same = all.filter(({ turn }) => essence(turn.sent).equals(essence(message)));
    const found = same.find(({ turn }) => !turn.used) ?? (isQuestion ? same[0] : undefined);
    if (found !== undefined) return this.#use(found.turn, isQuestion ? message : undefined);
    const what = to === undefined ? "a message" : addressText(bytesOf(to));
    if (isQuestion) {
      const questions = all.map(({ turn }) => questionText(turn.sent));
      const outcome = "SERVFAIL";
      const question = questionText(message);
      this.#tell({
        kind: "unrecorded",
        what: `${question} of ${what}`,
        nearest: nearest(question, questions),
        outcome,
      });
      return [{ data: refusalOf(message), from: bytesOf(to ?? ""), isEnd: false }];
    }
    const next = all.find(({ turn, script }) => script === own && !turn.used);
    if (next === undefined) {
      this.#tell({ kind: "unrecorded", what: `a message to ${what}`, outcome: "no answer" });
      return [];
    }
    this.#tell({ kind: "sent", what, ...firstDifference(next.turn.sent, message) });
    return this.#use(next.turn, undefined);
  }

  #use(turn: Turn, question: Buffer | undefined): readonly Arrival[] {
    turn.used = true;
    if (question === undefined) return turn.arrivals;
    return turn.arrivals.map((arrival) => ({ ...arrival, data: withIdOf(question, arrival.data) }));
  }
}
