/** Two ends of a connection in memory, of which one goes when the other does. */
import { type Duplex, duplexPair } from "node:stream";

export function connectedPair(): readonly [Duplex, Duplex] {
  const [here, there] = duplexPair();
  here.once("close", () => there.destroy());
  there.once("close", () => here.destroy());
  return [here, there];
}
