import { describe, expect, test } from 'vitest';
import { emptyChain, encodeFrame } from '../../../src-contract/node/journal-frame.ts';
import { checkFrames } from '../../../src-service/agent-api/frame-check.ts';
import { emptyChainHex } from '../../../src-service/store/attempts.ts';
import { maskOf } from '../../../src-service/store/stream-mask.ts';

const attempt = { jobId: 'job', sandboxId: 'sandbox' };
const start = { sequence: 0, chain: emptyChainHex };
const time = '2026-11-23T09:00:00.000Z';

const begin = { kind: 'begin', contractVersion: 1, ...attempt, attempt: 1, runbookName: 'R', runbookKind: 'Bash', time };
const decision = { kind: 'decision', time, text: 'the tail was cut' };
const end = { kind: 'end', time, outcome: 'completed', reason: '', exitCode: 0 };

function records(first: number, count: number, lines = count): [object, string[]] {
  const texts = Array.from({ length: lines }, (_, at) => JSON.stringify({ seq: first + at, time, stream: 'Error', text: 'x' }));
  return [{ kind: 'records', first, count }, texts];
}

function frames(...payloads: [header: object, lines?: string[]][]): { bytes: Buffer; chain: string } {
  let chain: Uint8Array = emptyChain;
  const parts = payloads.map(([header, lines = []]) => {
    const frame = encodeFrame(chain, Buffer.from([JSON.stringify(header), ...lines].join('\n')));
    ({ chain } = frame);
    return frame.bytes;
  });
  return { bytes: Buffer.concat(parts), chain: Buffer.from(chain).toString('hex') };
}

describe('an upload of frames', () => {
  test('that continues what there is is taken, with its count, its streams and its chain', () => {
    const { bytes, chain } = frames([begin], records(0, 2), [decision], records(2, 1));
    expect(checkFrames(bytes, start, attempt)).toEqual({ kind: 'checked', recordCount: 3, streamMask: maskOf(['Error']), chain });
  });

  test('of nothing is nothing', () => {
    expect(checkFrames(Buffer.alloc(0), start, attempt)).toEqual({
      kind: 'checked',
      recordCount: 0,
      streamMask: 0,
      chain: emptyChainHex,
    });
  });

  const whole = frames([begin], records(0, 2)).bytes;
  const changedByte = Buffer.from(whole);
  changedByte[whole.length - 1] = (changedByte[whole.length - 1] ?? 0) ^ 1;
  test.each([
    ['is cut off', whole.subarray(0, -1), 'not whole'],
    ['was changed on the way', changedByte, 'hash chain'],
    ['leaves a gap', frames([begin], records(1, 1)).bytes, 'begins with record 1, expected 0'],
    ['counts wrong', frames(records(0, 3, 2)).bytes, 'names 3 records and holds 2'],
    ['is of another attempt', frames([{ ...begin, sandboxId: 'other' }]).bytes, 'another attempt'],
    ['carries the end', frames([end]).bytes, 'end frame'],
    ['has no header', frames([{ kind: 'nonsense' }]).bytes, 'header cannot be read'],
  ])('that %s is refused', (_what, bytes, reason) => {
    expect(checkFrames(bytes, start, attempt)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(reason) as string,
    });
  });

  test('that begins elsewhere is refused', () => {
    expect(checkFrames(whole, { sequence: 0, chain: 'ab'.repeat(32) }, attempt).kind).toBe('refused');
  });
});
