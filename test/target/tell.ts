/** Prints what a session to a target tells of it and of a file: TARGET FILE. */
import { startTarget, toldBySession } from "./told.ts";

const agent = await startTarget(process.argv[2] ?? "");
console.log(JSON.stringify(await toldBySession(agent, process.argv[3] ?? "")));
await agent.ended;
