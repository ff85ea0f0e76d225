import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EntryMasking } from '../../src-main/sandbox/masking/entry-masking.ts';
import { MaskingStream } from '../../src-main/sandbox/masking/masking-stream.ts';
import { Secrets } from '../../src-main/sandbox/masking/secrets.ts';

/** What a stream gives out for these pieces, without any waiting. */
function masked(secrets: Secrets, pieces: readonly (string | Buffer)[]): string {
  const given: Buffer[] = [];
  const stream = new MaskingStream({
    scan: secrets.scan,
    give: (piece) => given.push(piece),
    onLate: () => undefined,
  });
  for (const piece of pieces) stream.push(Buffer.from(piece));
  stream.flush();
  return Buffer.concat(given).toString('utf8');
}

function knowing(...texts: string[]): Secrets {
  const secrets = new Secrets();
  for (const text of texts) secrets.addText(text);
  return secrets;
}

const awkward = `p<&"'\\/ é🐎+${'x'.repeat(3)}`;
const long = randomBytes(33).toString('base64url');

describe('secrets in what a runbook writes', () => {
  const encodings: Record<string, (text: string) => string> = {
    'as it is': (text) => text,
    'base64 of UTF-8': (text) => Buffer.from(text).toString('base64'),
    'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
    base64url: (text) => Buffer.from(text).toString('base64url'),
    'a URL’s component': (text) => encodeURIComponent(text),
    'a form’s field': (text) => new URLSearchParams({ a: text }).toString().slice(2),
    JSON: (text) => JSON.stringify(text).slice(1, -1),
    'JSON in ASCII': (text) =>
      JSON.stringify(text)
        .slice(1, -1)
        .replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
    'XML text': (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    'small hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
    'capital hexadecimal digits': (text) => Buffer.from(text).toString('hex').toUpperCase(),
    'BitConverter’s': (text) => (Buffer.from(text).toString('hex').toUpperCase().match(/../g) ?? []).join('-'),
  };
  for (const [name, encode] of Object.entries(encodings)) {
    it(`are masked in ${name}`, () => {
      for (const secret of [awkward, long, 'hunter2', 'Pa55']) {
        expect(masked(knowing(secret), [`begin ${encode(secret)} end\n`])).toBe('begin *** end\n');
        expect(masked(knowing(secret, 'another secret of the job'), [`begin ${encode(secret)}`])).toBe('begin ***');
      }
    });
  }

  it('are masked inside of longer base64, at each of its three places', () => {
    for (const before of ['', 'u', 'us', 'user:'])
      for (const after of ['', ':', ':x', ':realm']) {
        const text = Buffer.from(`${before}correct horse${after}`).toString('base64');
        const left = masked(knowing('correct horse'), [text]);
        expect(left).toContain('***');
        const shown = Buffer.from(left.replace('***', ''), 'base64').toString('latin1');
        expect(shown).not.toMatch(/orrec|rrect|horse|hors/);
      }
  });

  it('are masked wherever the pieces are cut', () => {
    for (const secret of [long, 'hunter2']) {
      const text = `ab ${secret} cd ${secret}${secret} ef\n${Buffer.from(secret).toString('base64')}\n`;
      for (let cut = 0; cut <= text.length; cut += 1)
        expect(masked(knowing(secret), [text.slice(0, cut), text.slice(cut)])).toBe('ab *** cd ****** ef\n***\n');
      expect(masked(knowing(secret), text.split(''))).toBe('ab *** cd ****** ef\n***\n');
    }
  });

  it('are masked when base64 is wrapped into lines', () => {
    const secret = randomBytes(200).toString('hex');
    const wrapped = (width: number, end: string): string =>
      (
        Buffer.from(secret)
          .toString('base64')
          .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
      ).join(end);
    for (const width of [60, 64, 76])
      for (const end of ['\n', '\r\n'])
        for (const lead of ['', 'x\n', 'some words before ']) {
          expect(masked(knowing(secret), [`${lead}${wrapped(width, end)}${end}after`])).toBe(`${lead}***${end}after`);
          expect(masked(knowing(secret), wrapped(width, end).split(/(?<=\n)/))).toBe('***');
        }
  });

  it('are masked when they have several lines, whatever their line ends have become', () => {
    const key = '{\n  "user": "backup",\n  "password": "a long pass phrase"\n}';
    expect(masked(knowing(key), [`before\n${key.replaceAll('\n', '\r\n')}\r\nafter`])).toBe('before\n***\r\nafter');
    expect(masked(knowing(key), key.split(/(?<=\n)/))).toBe('***');
    // A line of it alone, as a tool quotes it.
    expect(masked(knowing(key), ['> "password": "a long pass phrase"\n'])).toBe('> ***\n');
  });

  it('are not looked for when they are shorter than four characters', () => {
    expect(masked(knowing('abc', ''), ['abc abc YWJj'])).toBe('abc abc YWJj');
    expect(masked(knowing('abcd'), ['abcd YWJjZA=='])).toBe('*** ***');
  });

  it('do not change what only looks like them', () => {
    const text = `hunter hunter3 Hunter2 ${long.slice(0, -1)} ${long.slice(1)}\n`;
    expect(masked(knowing('hunter2', long), [text])).toBe(text);
    const noise = randomBytes(200_000).toString('base64');
    expect(masked(knowing(long), [noise])).toBe(noise);
  });

  it('are each text and number of an encrypted value, and the whole', () => {
    const secrets = new Secrets();
    secrets.addValue('{"user":"backup","keys":["k-0815-x"],"pin":123456,"on":true}');
    expect(masked(secrets, ['backup k-0815-x 123456 true 12345'])).toBe('*** *** *** true 12345');
    const plain = new Secrets();
    plain.addValue('no JSON at all');
    expect(masked(plain, ['no JSON at all'])).toBe('***');
  });

  it('are a certificate’s file with its private key, and not a public certificate', () => {
    const file = randomBytes(1500).toString('base64');
    const secrets = new Secrets();
    secrets.addCertificate(file);
    expect(masked(secrets, [file, '\n', Buffer.from(file, 'base64').toString('hex')])).toBe('***\n***');
    const wrapped = (file.match(/.{1,76}/g) ?? []).join('\n');
    expect(masked(secrets, [`${wrapped}\n`])).toBe('***\n');
    const pem = `-----BEGIN PRIVATE KEY-----\n${(file.slice(0, 640).match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
    const ofPem = new Secrets();
    ofPem.addCertificate(Buffer.from(pem).toString('base64'));
    expect(masked(ofPem, [pem])).toBe('-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\n');
  });

  it('leaves a text without any as the very bytes that came', () => {
    const given: Buffer[] = [];
    const piece = Buffer.from('nothing to hide\n');
    new MaskingStream({ scan: knowing(long).scan, give: (one) => given.push(one), onLate: () => undefined }).push(piece);
    expect(given).toEqual([piece]);
    expect(given[0]).toBe(piece);
  });
});

describe('what may be the beginning of a secret', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function watched(secrets: Secrets): { push: (text: string) => void; flush: () => void; shown: () => string } {
    const given: Buffer[] = [];
    const stream = new MaskingStream({
      scan: secrets.scan,
      give: (piece) => given.push(piece),
      onLate: (giveAll) => giveAll(),
    });
    return {
      push: (text) => stream.push(Buffer.from(text)),
      flush: () => stream.flush(),
      shown: () => Buffer.concat(given).toString(),
    };
  }

  it('waits for what follows, at most 100 ms', () => {
    const { push, shown } = watched(knowing('hunter2'));
    push('pass hunt');
    expect(shown()).toBe('pass ');
    vi.advanceTimersByTime(99);
    expect(shown()).toBe('pass ');
    push('er');
    expect(shown()).toBe('pass ');
    vi.advanceTimersByTime(1);
    expect(shown()).toBe('pass hunter');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is masked as far as it is not out yet when the rest comes too late', () => {
    const { push, shown } = watched(knowing('hunter2'));
    push('pass hunt');
    vi.advanceTimersByTime(100);
    push('er2 and more');
    expect(shown()).toBe('pass hunt*** and more');
  });

  it('does not wait for some first letters of a token, and masks the rest all the same', () => {
    const secrets = new Secrets();
    secrets.addToken(long);
    const { push, shown } = watched(secrets);
    push(long.slice(0, 3));
    expect(shown()).toBe(long.slice(0, 3));
    push(`${long.slice(3)}!`);
    expect(shown()).toBe(`${long.slice(0, 3)}***!`);
  });

  it('starts its wait anew when another beginning waits', () => {
    const { push, shown } = watched(knowing('hunter2'));
    push('a hun');
    vi.advanceTimersByTime(60);
    push('gry h');
    vi.advanceTimersByTime(60);
    expect(shown()).toBe('a hungry ');
    vi.advanceTimersByTime(40);
    expect(shown()).toBe('a hungry h');
  });

  it('leaves no timer once all is out', () => {
    const { push, flush, shown } = watched(knowing('hunter2'));
    push('hunter');
    flush();
    expect([shown(), vi.getTimerCount()]).toEqual(['hunter', 0]);
  });
});

describe('records of a host', () => {
  function records(secrets: Secrets, given: [string, 'Output' | 'Warning'][]): string[] {
    const whole: string[] = [];
    let text = '';
    const masking = new EntryMasking({ scan: secrets.scan, onLate: () => undefined }, (stream, piece, last) => {
      text += piece.toString();
      if (!last) return;
      whole.push(`${stream} ${text}`);
      text = '';
    });
    for (const [words, stream] of given) masking.text(stream, Buffer.from(words), true, {});
    masking.flush();
    return whole;
  }

  it('keep their number and order, and hide a secret that lies across them', () => {
    const secrets = knowing('hunter2');
    expect(
      records(secrets, [
        ['my hun', 'Output'],
        ['', 'Output'],
        ['ter2 is', 'Output'],
        ['a hunt', 'Warning'],
        ['', 'Output'],
        ['hunter2', 'Output'],
      ]),
    ).toEqual(['Output my ***', 'Output ', 'Output  is', 'Warning a hunt', 'Output ', 'Output ***']);
  });
});
