/** Checks the frames of one upload: that each continues the hash chain, that sequence numbers have no gap, that lines are counted right. */
import { decodeFrame } from '../../src-contract/node/journal-frame.ts';
import { journalHeader, type JournalHeader } from '../../src-contract/sandbox.ts';
import { maskOfBytes } from '../store/stream-mask.ts';

export interface FramesChecked {
  kind: 'checked';
  recordCount: number;
  streamMask: number;
  /** After the last frame, lower-case hex. */
  chain: string;
}

const newline = 0x0a;

/** `start`: where the service stands. `attempt`: whose journal it must be. */
export function checkFrames(
  bytes: Buffer,
  start: { sequence: number; chain: string },
  attempt: { jobId: string; sandboxId: string },
): FramesChecked | { kind: 'refused'; reason: string } {
  let chain: Buffer = Buffer.from(start.chain, 'hex');
  let sequence = start.sequence;
  for (let at = 0; at < bytes.length;) {
    const decision = decodeFrame(chain, bytes, at);
    if (decision.kind === 'incomplete') return refused(at, 'the last frame is not whole');
    if (decision.kind === 'broken') return refused(at, decision.reason);
    const { payload, length } = decision.frame;
    const headerEnd = payload.indexOf(newline);
    const header = readHeader(payload, headerEnd);
    if (header === undefined) return refused(at, 'its header cannot be read');
    const reason = whyNot(header, payload, headerEnd, sequence, attempt);
    if (reason !== undefined) return refused(at, reason);
    if (header.kind === 'records') sequence += header.count;
    ({ chain } = decision.frame);
    at += length;
  }
  return {
    kind: 'checked',
    recordCount: sequence - start.sequence,
    streamMask: maskOfBytes(bytes),
    chain: chain.toString('hex'),
  };
}

function refused(at: number, reason: string): { kind: 'refused'; reason: string } {
  return { kind: 'refused', reason: `frame at byte ${String(at)}: ${reason}` };
}

function readHeader(payload: Buffer, headerEnd: number): JournalHeader | undefined {
  try {
    const text = payload.toString('utf8', 0, headerEnd === -1 ? payload.length : headerEnd);
    return journalHeader.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function whyNot(
  header: JournalHeader,
  payload: Buffer,
  headerEnd: number,
  sequence: number,
  attempt: { jobId: string; sandboxId: string },
): string | undefined {
  switch (header.kind) {
    case 'begin':
      return header.jobId === attempt.jobId && header.sandboxId === attempt.sandboxId
        ? undefined
        : 'it begins the journal of another attempt';
    case 'records': {
      if (header.first !== sequence) return `it begins with record ${String(header.first)}, expected ${String(sequence)}`;
      const lines = headerEnd === -1 ? 0 : countLines(payload, headerEnd + 1);
      return lines === header.count ? undefined : `it names ${String(header.count)} records and holds ${String(lines)}`;
    }
    case 'end':
      return 'an end frame stays in the journal';
    case 'decision':
      return undefined;
  }
}

/** A last line need not end with a line feed. */
function countLines(bytes: Buffer, from: number): number {
  let count = 0;
  let start = from;
  while (start < bytes.length) {
    count += 1;
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    start = end + 1;
  }
  return count;
}
