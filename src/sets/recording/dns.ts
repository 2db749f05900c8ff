/** Questions to name servers (RFC 1035): the same question has another number every time. */

const HEADER = 12;
/** Flags: a response, recursion available, SERVFAIL. */
const REFUSAL = 0x8082;

/** Whether a struct sockaddr of the Internet, as base64, is a name server's. */
export function isNameServer(address: string | undefined): boolean {
  const bytes = Buffer.from(address ?? "", "base64");
  const family = bytes.length >= 8 ? bytes.readUInt16LE(0) : 0;
  return (family === 2 || family === 10) && bytes.readUInt16BE(2) === 53;
}

/** A message without its number. */
export const withoutId = (message: Buffer): Buffer => message.subarray(2);

/** An answer with the question's number. */
export const withIdOf = (question: Buffer, answer: Buffer): Buffer =>
  answer.length < 2 ? answer : Buffer.concat([question.subarray(0, 2), answer.subarray(2)]);

/** "example.org, type 28" */
export function questionText(message: Buffer): string {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = message[at] ?? 0; length > 0 && at < message.length; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = at + 2 < message.length ? message.readUInt16BE(at + 1) : 0;
  return `${labels.join(".")}, type ${type}`;
}

/** What a name server says that cannot answer. */
export function refusalOf(question: Buffer): Buffer {
  const answer = Buffer.from(question);
  if (answer.length < HEADER) return answer;
  answer.writeUInt16BE(REFUSAL, 2);
  answer.fill(0, 6, HEADER); // no answers, and no additional section (EDNS) either
  let at = HEADER;
  while (at < answer.length && answer[at] !== 0) at += 1 + (answer[at] ?? 0);
  return answer.subarray(0, Math.min(answer.length, at + 5));
}
