/** Holds a session to the target that its argument names, until it is killed. */
import { Session } from "../../src/session/session.ts";
import { startTarget } from "./told.ts";

const { connection } = await startTarget(process.argv[2] ?? "");
const session = await Session.open({ connect: () => Promise.resolve(connection), release: "hold" });
console.log("greeted");
await session.closed;
