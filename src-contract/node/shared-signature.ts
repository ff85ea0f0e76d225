/**
 * The signature of calls that prove a shared key (registration, joining a workspace).
 * base64(HMAC-SHA-256(key text, base64(SHA-256(body bytes)) + "\n" + x-ms-date)). The key is used as text, not decoded.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export function signShared(key: string, body: Uint8Array, date: string): string {
  const contentHash = createHash('sha256').update(body).digest('base64');
  return createHmac('sha256', Buffer.from(key, 'utf8')).update(`${contentHash}\n${date}`, 'utf8').digest('base64');
}

export function verifyShared(key: string, body: Uint8Array, date: string, signature: string): boolean {
  const expected = Buffer.from(signShared(key, body, date));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** The date form that Microsoft's clients send: seven fractional digits and an explicit zero offset. */
export function formatSignatureDate(now: Date): string {
  return `${now.toISOString().slice(0, -1)}0000-00:00`;
}

/** Milliseconds since the epoch, or undefined. Accepts the forms seen from clients, among them a missing fraction. */
export function parseSignatureDate(date: string): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,6})?\d*[-+]?/.exec(date);
  if (found?.[1] === undefined) return undefined;
  const time = Date.parse(`${found[1]}Z`) + Math.floor(Number(`0${found[2] ?? ''}`) * 1000);
  return Number.isNaN(time) ? undefined : time;
}
