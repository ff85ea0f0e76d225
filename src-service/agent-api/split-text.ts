/** Splits a text into parts of at most so many UTF-8 bytes, never inside a character. Joined, the parts are the text. */
export function splitText(text: string, maxBytes: number): string[] {
  // Three bytes is the most that one UTF-16 unit takes: most texts need no counting.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return [text];
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = characterStart(bytes, Math.min(start + maxBytes, bytes.length));
    parts.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return parts;
}

/** The place itself, or the beginning of the character that lies across it. */
function characterStart(bytes: Buffer, place: number): number {
  let start = place;
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
