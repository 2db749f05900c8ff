/** One line on the terminal that says what is being done, and goes when it is done; nothing where there is no terminal. */
import { isatty } from "node:tty";

const STDERR = 2;
const START_OF_LINE_AND_CLEAR = "\r\x1b[K";

export class Progress implements Disposable {
  readonly #isShown = isatty(STDERR) && process.env["TERM"] !== "dumb";

  say(doing: string): void {
    if (this.#isShown) process.stderr.write(`${START_OF_LINE_AND_CLEAR}elsewhere: ${doing} …`);
  }

  [Symbol.dispose](): void {
    if (this.#isShown) process.stderr.write(START_OF_LINE_AND_CLEAR);
  }
}
