/** Tells what the disk or the database server does to the store from mistakes of ours. */

/** SQLite's primary result codes: read-only, a fault of the device, full, cannot open. https://www.sqlite.org/rescode.html */
const sqliteCodes = new Map([
  [8, 'its file is read-only'],
  [10, 'its disk fails'],
  [13, 'its disk is full'],
  [14, 'its file cannot be opened'],
]);
const systemCodes = new Map([
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'its share of the disk is used up'],
  ['EROFS', 'its disk is read-only'],
  ['EIO', 'its disk fails'],
  ['ECONNREFUSED', 'its server does not answer'],
  ['ECONNRESET', 'its server ended the connection'],
  ['EPIPE', 'its server ended the connection'],
  ['ETIMEDOUT', 'its server does not answer'],
  ['ENOTFOUND', 'its server is not found'],
  ['EAI_AGAIN', 'its server is not found'],
]);
/** Classes of SQLSTATE: connection, resources, shutting down. A server that may only read, what waited too long (25P03, 55P03, 57014). */
const serverStates = /^(?:08|53|57P|25006|25P03|55P03|57014)/;
/** Of the client library, which has no code for it. */
const lostConnection =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout)/;

/** Why the database cannot be used just now, to follow "because"; undefined: the error is another one. */
export function storeTrouble(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // The lower eight bits are the primary code.
  if (typeof errcode === 'number') return sqliteCodes.get(errcode & 0xff);
  if (typeof code === 'string') {
    const known = systemCodes.get(code);
    if (known !== undefined) return known;
    if (serverStates.test(code)) return `its server says “${error.message}”`;
  }
  return lostConnection.test(error.message) ? 'the connection to its server was lost' : undefined;
}
