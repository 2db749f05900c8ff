/** Prints what a session to a container tells of it, as its own user sees it. */
import { startTarget, toldBySession } from "./told.ts";

const agent = await startTarget(`container:${process.argv[2]}`);
console.log(JSON.stringify(await toldBySession(agent, "/srv/file")));
await agent.ended;
