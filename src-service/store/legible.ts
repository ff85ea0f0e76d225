/**
 * U+0000 is no character that a database keeps: PostgreSQL refuses the whole statement, and what SQLite stores is read up to there. A runbook's
 * exception may hold it. It is replaced by the character that stands for what cannot be shown. What a person sends over REST is refused before.
 */
export function legible<Value>(value: Value): Value | string {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
}
