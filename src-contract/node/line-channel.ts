/**
 * Handshake and message shapes of our local channels (engine's control channel, sandbox's control endpoint): one JSON object a line.
 *
 *   server → { hello: 1, nonce }                    nonce: 32 random bytes, hex
 *   client → { role, nonce, proof, events? }        proof = HMAC-SHA-256(role's key, "client" | server nonce | client nonce | role)
 *   server → { proof, role } or { refused }         proof = HMAC-SHA-256(role's key, "server" | client nonce | server nonce | role)
 *
 * A squatter on the pipe learns nothing from it, and neither side speaks before the other is proven.
 * Then: client → { id, call, arguments } ; server → { id, answer } | { event, payload } (events only to clients that said `events: true`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

/** A line longer than this ends the connection: the largest page of records stays well below. */
export const maxLineBytes = 16 * 1024 * 1024;

export const channelHello = z.object({ hello: z.literal(1), nonce: z.string().regex(/^[0-9a-f]{64}$/) });
export const channelProof = z.object({
  role: z.string(),
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  proof: z.string(),
  events: z.boolean().optional(),
});
export const channelWelcome = z.union([z.object({ proof: z.string(), role: z.string() }), z.object({ refused: z.string() })]);
export const channelRequest = z.object({ id: z.int(), call: z.string(), arguments: z.unknown() });
export const channelMessage = z.union([
  z.object({ id: z.int(), answer: z.unknown() }),
  z.object({ event: z.string(), payload: z.unknown() }),
]);

export function proveChannel(
  side: 'client' | 'server',
  key: Uint8Array,
  peerNonce: string,
  ownNonce: string,
  role: string,
): string {
  return createHmac('sha256', key).update(`${side}|${peerNonce}|${ownNonce}|${role}`).digest('hex');
}

export function isProof(expected: string, given: string): boolean {
  const one = Buffer.from(expected);
  const other = Buffer.from(given);
  return one.length === other.length && timingSafeEqual(one, other);
}
