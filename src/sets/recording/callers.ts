/** Those who connected to a listener when it was recorded: they come again, in the same order. */
import { connect, type Socket } from "node:net";
import { Conversation } from "./conversation.ts";
import type { Difference } from "./differences.ts";
import type { Script } from "./script.ts";

/** How long the next one waits for what was sent before it came, once nothing is sent any more; milliseconds. */
const PATIENCE_MS = 1000;

export class Callers implements Disposable {
  readonly #path: string;
  readonly #listener: Script;
  readonly #what: string;
  readonly #tell: (difference: Difference) => void;
  readonly #onTurn: () => void;
  readonly #sockets: Socket[] = [];
  /** Who has connected and is not accepted yet. */
  readonly #waiting: Script[] = [];
  #next = 0;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param path where the program listens in the replay */
  constructor(
    path: string,
    listener: Script,
    what: string,
    tell: (difference: Difference) => void,
    onTurn: () => void,
  ) {
    this.#onTurn = onTurn;
    this.#path = path;
    this.#listener = listener;
    this.#what = what;
    this.#tell = tell;
  }

  /** The program listens. */
  begin(): void {
    this.#come(false);
  }

  /** The program has accepted the one who came first. */
  accepted(): Script | undefined {
    const script = this.#waiting.shift();
    setImmediate(() => this.#come(false));
    return script;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next one connects, if it is time. */
  #come(insists: boolean): void {
    const next = this.#listener.accepted[this.#next];
    clearTimeout(this.#timer);
    if (next === undefined || this.#waiting.length > 0) return;
    if (this.#sent < next.sent && !insists) {
      this.#timer = setTimeout(() => this.#come(true), PATIENCE_MS).unref();
      return;
    }
    this.#next++;
    const { script } = next;
    this.#waiting.push(script);
    const socket = connect({ path: this.#path, allowHalfOpen: true });
    this.#sockets.push(socket);
    socket.unref();
    socket.once("connect", () =>
      new Conversation(socket, script, {
        what: this.#what,
        others: [],
        tell: this.#tell,
        onTurn: this.#onTurn,
        onSent: (bytes) => {
          this.#sent += bytes;
          this.#come(false);
        },
      }).begin(),
    );
  }
}
