/** How generated values are written as TypeScript: one entry a line, so that a change reads as one in a diff. */

export const quote = (text: string): string => JSON.stringify(text);

/** A number as TypeScript, hexadecimal where it is a mask rather than a count. */
export const hex = (value: number): string => (value < 0 ? `-${hex(-value)}` : `0x${value.toString(16)}`);

export function record(
  name: string,
  type: string,
  comment: string,
  entries: Iterable<readonly [string, string]>,
): string {
  const lines = [...entries].map(([key, value]) => `  ${/^[A-Za-z_]\w*$/.test(key) ? key : quote(key)}: ${value},`);
  return `\n/** ${comment} */\nexport const ${name}${type && `: ${type}`} = {\n${lines.join("\n")}\n}${type ? "" : " as const"};\n`;
}

/** The type of the record's keys, spelled out: declarations are made file by file, without inference. */
export const union = (name: string, keys: readonly string[]): string =>
  `\nexport type ${name} =\n${keys.map((key) => `  | ${quote(key)}`).join("\n")};\n`;
