/**
 * A delay line as a process of its own:
 *
 *     node bench/line.ts MS COMMAND…   between its own standard input and output and those of a command
 *     node bench/line.ts MS PORT       in front of a port of 127.0.0.1: prints the port that it listens on itself
 *
 * MS is the round trip. It ends with its input, or with the signal that ends it.
 */
import { spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { joined } from "../src/wire/duplex.ts";
import { delayLine } from "../test/world/delay-line.ts";

const [milliseconds = "0", program = "", ...args] = process.argv.slice(2);
if (/^\d+$/.test(program)) {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const line = delayLine(
      connect({ port: Number(program), host: "127.0.0.1", noDelay: true, allowHalfOpen: true }),
      Number(milliseconds),
    );
    line.on("error", () => near.destroy());
    near.on("error", () => line.destroy());
    near.pipe(line).pipe(near);
  });
  server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
} else {
  const { stdin, stdout } = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const line = delayLine(joined(stdout, stdin), Number(milliseconds));
  process.stdin.pipe(line).pipe(process.stdout);
  line.once("close", () => process.exit());
}
