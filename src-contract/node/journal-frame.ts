/**
 * The journal's frame, on disk and on the wire: u32 LE payload length, 32 bytes chain, payload.
 * chain = SHA-256(previous chain || payload): it orders the frames and is their checksum. A frame that does not verify is a torn tail.
 * The payload is a JSON header line and, for records, one JSON record a line.
 */
import { createHash } from 'node:crypto';

export const framePrefixBytes = 4 + 32;
export const emptyChain: Buffer = Buffer.alloc(32);
/** A frame longer than this is garbage, not a frame: a record's text is at most 1 MiB and JSON escapes at most six-fold. */
export const maxFrameBytes = 8 * 1024 * 1024;

export function chainFrame(previous: Uint8Array, payload: Uint8Array): Buffer {
  return createHash('sha256').update(previous).update(payload).digest();
}

export interface EncodedFrame {
  /** The whole frame, ready to be appended. */
  bytes: Buffer;
  chain: Buffer;
}

export function encodeFrame(previous: Uint8Array, payload: Buffer): EncodedFrame {
  const chain = chainFrame(previous, payload);
  const prefix = Buffer.alloc(framePrefixBytes);
  prefix.writeUInt32LE(payload.length, 0);
  chain.copy(prefix, 4);
  return { bytes: Buffer.concat([prefix, payload]), chain };
}

export interface DecodedFrame {
  payload: Buffer;
  chain: Buffer;
  /** Bytes that the frame takes, prefix included. */
  length: number;
}

/** `incomplete`: more bytes are needed; `broken`: what stands there is no frame that continues `previous`. */
export type FrameDecision = { kind: 'frame'; frame: DecodedFrame } | { kind: 'incomplete' } | { kind: 'broken'; reason: string };

export function decodeFrame(previous: Uint8Array, bytes: Buffer, offset = 0): FrameDecision {
  if (bytes.length - offset < framePrefixBytes) return { kind: 'incomplete' };
  const payloadLength = bytes.readUInt32LE(offset);
  if (payloadLength === 0 || payloadLength > maxFrameBytes)
    return { kind: 'broken', reason: `impossible length ${String(payloadLength)}` };
  const end = offset + framePrefixBytes + payloadLength;
  if (bytes.length < end) return { kind: 'incomplete' };
  const payload = bytes.subarray(offset + framePrefixBytes, end);
  const chain = chainFrame(previous, payload);
  if (!chain.equals(bytes.subarray(offset + 4, offset + framePrefixBytes)))
    return { kind: 'broken', reason: 'the hash chain does not continue' };
  return { kind: 'frame', frame: { payload, chain, length: end - offset } };
}
