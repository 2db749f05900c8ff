/** What `import … from "elsewhere"` gives. */
export { ElsewhereError, type ErrorCode, type ErrorDetails, exitCodes } from "./errors.ts";
export type * from "./trace/record.ts";
