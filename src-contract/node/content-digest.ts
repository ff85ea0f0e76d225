/** `Content-Digest` (RFC 9530) of a body that nothing else vouches for: text that either side takes as it comes. */
import { createHash } from 'node:crypto';

export const digestHeader = 'content-digest';

export function contentDigest(body: Uint8Array | string): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
