/** gRPC status codes (grpc/grpc, doc/statuscodes.md), as far as they occur here. */
export const status = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export const CONTENT_TYPE = "application/grpc+proto";

/** `grpc-message` is percent-encoded. */
export const encodeMessage = (text: string): string => encodeURIComponent(text);

export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
