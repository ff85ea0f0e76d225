import { describe, expect, it } from 'vitest';
import { ReportReader } from '../../src-main/runtimes/powershell/report-reader.ts';

function stringField(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest % 128) + 128);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

function integerField(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const begin = Buffer.concat([Buffer.from('b'), stringField('7.6.5')]);
const plain = (stream: string, text: string): Buffer => Buffer.concat([Buffer.from(`r${stream}`), stringField(text)]);
const placed = (stream: string, text: string): Buffer =>
  Buffer.concat([Buffer.from(`p${stream}`), integerField(12), integerField(3), stringField('/x.ps1'), stringField(text)]);
const value = (json: string): Buffer => Buffer.concat([Buffer.from('v'), stringField(json)]);
const progress = (percent: number, done: boolean): Buffer =>
  Buffer.concat([
    Buffer.from('g'),
    integerField(3),
    Buffer.from([done ? 1 : 0]),
    integerField(percent),
    stringField('Copy'),
    stringField('half'),
  ]);
const end = (exitCode: number, exception: string | null): Buffer =>
  Buffer.concat([
    Buffer.from('e'),
    integerField(exitCode),
    Buffer.from([exception === null ? 0 : 1]),
    stringField(exception ?? ''),
  ]);

function read(bytes: Buffer, chunkBytes: number): unknown[] {
  const heard: unknown[] = [];
  let text = '';
  const reader = new ReportReader({
    ready: () => heard.push(['ready']),
    begun: (version) => heard.push(['begun', version]),
    text: (stream, piece, last, { position, value }) => {
      text += piece.toString('latin1');
      if (!last) return;
      heard.push([
        stream,
        Buffer.from(text, 'latin1').toString('utf8'),
        ...(position === undefined ? [] : [position]),
        ...(value === undefined ? [] : [value]),
      ]);
      text = '';
    },
    progress: (activityId, progress) => heard.push(['progress', activityId, progress]),
    progressLeftOut: (count) => heard.push(['progress left out', count]),
    ended: (exitCode, exception) => heard.push(['ended', exitCode, exception]),
    garbled: (reason) => heard.push(['garbled', reason]),
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  return heard;
}

describe('what a PowerShell host reports', () => {
  const long = 'příliš 🐎 '.repeat(3000);
  const all = Buffer.concat([
    begin,
    plain('O', ''),
    plain('O', 'one\ntwo'),
    placed('E', 'bad'),
    plain('W', long),
    value('{"a":1}'),
    plain('O', 'with a value'),
    plain('O', 'without'),
    progress(50, false),
    progress(-1, true),
    Buffer.concat([Buffer.from('n'), integerField(300)]),
    end(1, 'why'),
    end(-5, null),
  ]);

  it.each([1, 2, 7, 4096, 1_000_000])('is understood in pieces of %i bytes', (chunkBytes) => {
    expect(read(all, chunkBytes)).toEqual([
      ['begun', '7.6.5'],
      ['Output', ''],
      ['Output', 'one\ntwo'],
      ['Error', 'bad', { line: 12, column: 3, script: '/x.ps1' }],
      ['Warning', long],
      ['Output', 'with a value', '{"a":1}'],
      ['Output', 'without'],
      ['progress', 3, { activity: 'Copy', status: 'half', percent: 50 }],
      ['progress', 3, { activity: 'Copy', status: 'half', done: true }],
      ['progress left out', 300],
      ['ended', 1, 'why'],
      ['ended', -5, null],
    ]);
  });

  it.each([1_000_000, 65_536])('has fields cut that are longer than one should be, in pieces of %i bytes', (chunkBytes) => {
    const limit = 4 * 1024 * 1024;
    const exact = 'x'.repeat(limit);
    const longer = `${exact}${'y'.repeat(limit * 2)}`;
    const statusOf = (text: string): Buffer =>
      Buffer.concat([
        Buffer.from('g'),
        integerField(1),
        Buffer.from([0]),
        integerField(-1),
        stringField(text),
        stringField('half'),
      ]);
    const heard = read(
      Buffer.concat([begin, statusOf(longer), plain('O', 'between'), end(1, exact), end(2, longer), plain('O', 'after')]),
      chunkBytes,
    );
    // Compared by length and last character: nobody wants to see them.
    const brief = JSON.parse(
      JSON.stringify(heard, (_key, one: unknown) =>
        typeof one === 'string' && one.length > 100 ? [one.length, one.at(-1)] : one,
      ),
    ) as unknown;
    expect(brief).toEqual([
      ['begun', '7.6.5'],
      ['progress', 1, { activity: [limit, 'x'], status: 'half' }],
      ['Output', 'between'],
      ['ended', 1, [limit, 'x']],
      ['ended', 2, [limit, 'x']],
      ['Output', 'after'],
    ]);
  });

  it.each([
    ['an unknown kind', Buffer.from('x')],
    ['an unknown stream', Buffer.from('rQ')],
    ['a length that never ends', Buffer.from([0x72, 0x4f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['a field of impossible size', Buffer.from([0x62, 0xff, 0xff, 0xff, 0xff, 0x07])],
  ])('is given up on at %s, once, and nothing after it is believed', (_what, bytes) => {
    const heard = read(Buffer.concat([begin, bytes, plain('O', 'later')]), 3);
    expect(heard).toEqual([
      ['begun', '7.6.5'],
      ['garbled', expect.any(String) as string],
    ]);
  });
});
