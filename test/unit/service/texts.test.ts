import { describe, expect, test } from 'vitest';
import { isWanted } from '../../../src-service/agent-api/foreign-records.ts';
import { RecordClaims } from '../../../src-service/agent-api/record-claims.ts';
import { splitText } from '../../../src-service/agent-api/split-text.ts';
import { parseArguments } from '../../../src-service/arguments.ts';
import { wireTime } from '../../../src-service/clock.ts';
import { readWait } from '../../../src-service/hold.ts';
import { streamName } from '../../../src-contract/kinds.ts';
import { maskOf, maskOfBytes } from '../../../src-service/store/stream-mask.ts';

describe('splitting a record', () => {
  test.each([
    ['a text that fits', 'short', 10],
    ['plain text', 'x'.repeat(25), 10],
    ['characters of two to four bytes', 'aé€😀'.repeat(20), 7],
    ['nothing', '', 10],
  ])('%s loses nothing and cuts no character', (_what, text, maxBytes) => {
    const parts = splitText(text, maxBytes);
    expect(parts.join('')).toBe(text);
    expect(parts.every((part) => Buffer.byteLength(part) <= maxBytes)).toBe(true);
    expect(parts.some((part) => part.includes('\ufffd'))).toBe(false);
  });
});

describe('the streams of a chunk', () => {
  test('are found in its bytes', () => {
    for (const stream of streamName.options) {
      const line = JSON.stringify({ seq: 0, time: '', stream, text: 'it says "stream":"Error" and "stream":"Debug"' });
      expect(maskOfBytes(Buffer.from(line))).toBe(maskOf([stream]));
    }
  });
});

describe('how long to hold a call', () => {
  test.each([
    ['wait=20', 20],
    ['respond-async, wait=5', 5],
    ['Wait = "7"', 7],
    ['wait=9999', 30],
    ['wait=0', 0],
    ['await=20', undefined],
    ['wait=soon', undefined],
    [undefined, undefined],
  ])('%s: %s', (prefer, seconds) => {
    expect(readWait(prefer)).toBe(seconds);
  });
});

describe('a foreign worker’s records', () => {
  const none = { logVerbose: false, logDebug: false, logProgress: false };
  test('are kept but for what the runbook does not log', () => {
    expect(streamName.options.filter((stream) => isWanted(stream, none))).toEqual(['Output', 'Error', 'Warning', 'Information']);
    expect(isWanted('Verbose', { ...none, logVerbose: true })).toBe(true);
    expect(isWanted('Debug', { ...none, logDebug: true })).toBe(true);
    expect(isWanted('Progress', { ...none, logProgress: true })).toBe(true);
  });
});

describe('an end that claims missing records', () => {
  const attempt = { sandboxId: 's', chain: 'had' };
  test('is refused twice, and then believed', () => {
    const claims = new RecordClaims();
    const ask = (chain: string, had = 'had') => claims.isExhausted({ ...attempt, chain: had }, { chain });
    expect([ask('claimed'), ask('claimed'), ask('claimed')]).toEqual([false, false, true]);
  });

  test('is refused anew as long as records arrive between', () => {
    const claims = new RecordClaims();
    const answers = ['1', '2', '3', '4', '5'].map((had) => claims.isExhausted({ ...attempt, chain: had }, { chain: 'claimed' }));
    expect(answers).toEqual([false, false, false, false, false]);
  });
});

test('times on the wire have a fraction and an offset', () => {
  expect(wireTime(Date.UTC(2026, 10, 23, 15, 52, 42))).toBe('2026-11-23T15:52:42.000+00:00');
});

describe('the command line of the service', () => {
  test('has defaults', () => {
    expect(parseArguments([])).toEqual({
      kind: 'run',
      arguments: {
        dataFolder: 'automation-service-data',
        host: '127.0.0.1',
        publicNames: [],
        agentPort: 8443,
        restPort: 8444,
        vaultKeyFile: undefined,
        readyFile: undefined,
        newAdministratorToken: false,
      },
    });
  });

  test('takes several names, and any free ports', () => {
    const parsed = parseArguments([
      '--public-name',
      'a.example',
      '--public-name',
      '::1',
      '--agent-port',
      '0',
      '--rest-port',
      '0',
    ]);
    expect(parsed).toMatchObject({ kind: 'run', arguments: { publicNames: ['a.example', '::1'], agentPort: 0, restPort: 0 } });
  });

  test.each([
    [['--nope'], '--nope'],
    [['left over'], 'left over'],
    [['--agent-port', '70000'], '70000'],
    [['--rest-port', 'http'], 'http'],
    [['--agent-port', '1', '--rest-port', '1'], 'two ports'],
    [['--host', 'https://x'], 'https://x'],
    [['--public-name', 'a b'], 'a b'],
    [['--data', ''], '--data'],
  ])('refuses %j and says what', (given, named) => {
    const parsed = parseArguments(given);
    expect(parsed.kind).toBe('invalid');
    expect(parsed).toMatchObject({ message: expect.stringContaining(named) as string });
  });

  test('tells help and version', () => {
    expect(parseArguments(['--help']).kind).toBe('help');
    expect(parseArguments(['--version']).kind).toBe('version');
  });
});
