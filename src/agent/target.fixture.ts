/** What agents of tests say of a target that nobody looks at. */
import type { TargetFacts } from "./identity.ts";

export const nobody: TargetFacts = { identity: {}, environment: [], workingDirectory: Buffer.from("/") };
