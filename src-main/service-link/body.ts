/** Bodies on their way: sent in pieces, read in pieces, each piece a sign of life for the limit on silence. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export interface SilenceLimit {
  begin: () => void;
  touch: () => void;
  end: () => void;
}

/** Calls `onSilent` when `ms` pass without a touch. Begins when told to: opening a connection has its own limit. */
export function createSilenceLimit(ms: number, onSilent: () => void): SilenceLimit {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin: () => {
      timer ??= setTimeout(onSilent, ms);
    },
    touch: () => {
      timer?.refresh();
    },
    end: () => {
      clearTimeout(timer);
    },
  };
}

/** On a line of 64 KiB in 30 s, everything else fails too. */
const pieceBytes = 64 * 1024;

/** Returns at once; the request's own events tell how it ends. A service may answer before it has taken everything. */
export function sendBody(outgoing: ClientRequest, body: Buffer | undefined, silence: SilenceLimit): void {
  let sent = 0;
  const sendMore = (): void => {
    while (body !== undefined && sent < body.length) {
      const piece = body.subarray(sent, sent + pieceBytes);
      sent += piece.length;
      silence.touch();
      if (sent < body.length && !outgoing.write(piece)) return void outgoing.once('drain', sendMore);
      if (sent >= body.length) return void outgoing.end(piece);
    }
    outgoing.end();
  };
  sendMore();
}

/** An answer that ends before its announced length is an error of the stream (`aborted`). */
export async function readPieces(
  incoming: IncomingMessage,
  silence: SilenceLimit,
  take: (piece: Buffer) => Promise<void>,
): Promise<void> {
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    silence.touch();
    await take(piece);
  }
}

const gunzipAsync = promisify(gunzip);

export async function decompress(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer | 'too-large' | 'broken'> {
  if (encoding === undefined || encoding === 'identity' || body.length === 0) return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return 'broken';
  try {
    return await gunzipAsync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'broken';
  }
}
