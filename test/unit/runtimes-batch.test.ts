/** What a batch file and its parameters become for cmd.exe, and what becomes of what comes back. That cmd does with it: test/process/batch-windows.test.ts. */
import { readFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { createBatchRuntime, readChcp } from '../../src-main/runtimes/batch/batch-runtime.ts';
import { ConsoleDecoder, type ConsolePages } from '../../src-main/runtimes/batch/console-text.ts';
import { parameterVariables, positionalWords, refuseParameters } from '../../src-main/runtimes/batch/parameters.ts';
import type { RunbookParameter, RuntimeRequest } from '../../src-main/runtimes/runtime.ts';
import { tempFolder } from '../harness/temp-folder.ts';

function decode(pages: ConsolePages, ...chunks: (Buffer | string)[]): string {
  const decoder = new ConsoleDecoder(pages);
  const pieces = chunks.map((chunk) => decoder.push(Buffer.from(chunk)));
  return Buffer.concat([...pieces, decoder.end()]).toString('utf8');
}

const western = { own: 850, current: 850 };

describe('what a batch file writes', () => {
  it('is read in the console’s code page, however it is cut', () => {
    const bytes = iconv.encode('Größe: 5 ½\r\nfür Žofie\r\n', 'cp852');
    const pages = { own: 852, current: 852 };
    const expected = iconv.decode(bytes, 'cp852');
    expect(expected).toContain('Größe');
    expect(decode(pages, bytes)).toBe(expected);
    expect(decode(pages, ...Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(expected);
  });

  it('is UTF-8 on those lines that are', () => {
    const oem = iconv.encode('Datei gelöscht\r\n', 'cp850');
    expect(decode(western, oem, 'from git: gelöscht\r\n', oem)).toBe(
      'Datei gelöscht\r\nfrom git: gelöscht\r\nDatei gelöscht\r\n',
    );
  });

  it('is read by the page alone where two bytes make a sign', () => {
    // As bytes of page 936 these are sound UTF-8 as well, and something else.
    const bytes = iconv.encode('学习\r\n', 'cp936');
    expect(bytes.toString('utf8')).not.toContain('\ufffd');
    expect(decode({ own: 936, current: 936 }, bytes.subarray(0, 1), bytes.subarray(1))).toBe('学习\r\n');
  });

  it('comes at the end when its last line has none', () => {
    expect(decode(western, iconv.encode('Größe', 'cp850'))).toBe('Größe');
  });

  it('is handed on before its line ends when that is long, and stays whole', () => {
    const text = 'größer '.repeat(20_000);
    const decoder = new ConsoleDecoder({ own: 936, current: 65001 });
    const first = decoder.push(Buffer.from(text));
    expect(first.length).toBeGreaterThan(100_000);
    expect(Buffer.concat([first, decoder.end()]).toString('utf8')).toBe(text);
  });

  it('is left as it is where the page is unknown or UTF-8', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0a]);
    for (const own of [65001, 12345]) {
      const decoder = new ConsoleDecoder({ own, current: own });
      expect(Buffer.concat([decoder.push(bytes), decoder.end()])).toEqual(bytes);
    }
  });
});

describe('the answer of chcp', () => {
  it('is its number, in any language', () => {
    expect(readChcp('Active code page: 437\r\n')).toBe(437);
    expect(readChcp('Aktive Codepage: 850.\r\n')).toBe(850);
    expect(readChcp('Page de codes active\u00ff: 65001\r\n')).toBe(65001);
    expect(readChcp('')).toBeUndefined();
    expect(readChcp(undefined)).toBeUndefined();
  });
});

function parametersOf(values: Record<string, unknown>): RunbookParameter[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

describe('parameters of a batch file', () => {
  it('are variables by number, and by name where that can be one', () => {
    const parameters = parametersOf({ Path: 'C:\\R&D', '[PARAMETER 2]': { a: 1 } });
    expect(parameterVariables(parameters)).toEqual({
      AUTOMATION_PARAMETER_1: 'C:\\R&D',
      AUTOMATION_PARAMETER_Path: 'C:\\R&D',
      AUTOMATION_PARAMETER_2: '{"a":1}',
    });
  });

  it('stand in their places quoted where they need it, and not at all where cmd would read more than text', () => {
    const words = (value: unknown): string => positionalWords(parametersOf({ a: value }));
    expect(words('C:\\Temp\\a.txt')).toBe(' C:\\Temp\\a.txt');
    expect(words('C:\\Program Files (x86)')).toBe(' "C:\\Program Files (x86)"');
    expect(words('a,b;c=d')).toBe(' "a,b;c=d"');
    expect(words(5)).toBe(' 5');
    expect(words('')).toBe(' ""');
    for (const dangerous of ['a"b', '%PATH%', 'a!b', 'a&b', 'a|b', '<a', '>a', '^', 'a\nb', 'a\rb', { a: 1 }])
      expect(words(dangerous)).toBe(' ""');
  });

  const dangerous = parametersOf({ First: 'plain', Second: 'x" & del *' });

  it.each([
    'echo %2',
    'copy "%~2" x',
    'echo %~dpnx2',
    'echo %~$PATH:2',
    'call other.cmd %*',
    ':next\nshift\ngoto next',
    'if defined x (shift)',
    'if a==b shift /1',
  ])('are refused where the script reads the place of one that is dangerous: %s', (script) => {
    expect(refuseParameters(script, dangerous)).toContain('!AUTOMATION_PARAMETER_Second!');
  });

  it.each(['echo %1', 'echo !AUTOMATION_PARAMETER_Second!', 'set SHIFTED=1', 'echo %PATH%', 'echo %~d1'])(
    'are taken where it does not: %s',
    (script) => {
      expect(refuseParameters(script, dangerous)).toBeUndefined();
    },
  );

  it('are refused where no variable can hold them', () => {
    expect(refuseParameters('', parametersOf({ a: 'x'.repeat(40_000) }))).toContain('40000 characters');
    expect(refuseParameters('', parametersOf({ a: 'x\0y' }))).toContain('zero byte');
  });
});

describe('a batch file', () => {
  async function prepare(change: Partial<RuntimeRequest>, codePage: number | undefined) {
    const folder = await tempFolder();
    const [workFolder, privateFolder] = [path.join(folder, 'work'), path.join(folder, 'host')];
    await mkdir(workFolder);
    await mkdir(privateFolder);
    const runtime = createBatchRuntime({ readCodePage: () => Promise.resolve(codePage) });
    const command = await runtime.prepare({
      kind: 'Batch',
      executable: 'C:\\Windows\\System32\\cmd.exe',
      runbookName: 'Clean up',
      script: '@echo off\necho hello',
      parameters: [],
      workFolder,
      privateFolder,
      reportPipe: undefined,
      controlPipe: undefined,
      logVerbose: false,
      logDebug: false,
      logProgress: false,
      culture: '',
      checkpoint: undefined,
      ...change,
    });
    const script = await readFile(path.join(workFolder, 'Clean_up.cmd'));
    return { command, script, start: await readFile(path.join(privateFolder, 'start.cmd')) };
  }

  it('is started by a line that needs no quoting, with Windows’ line ends', async () => {
    const { command, script, start } = await prepare({ parameters: parametersOf({ a: 'one', b: 'two words' }) }, 850);
    expect(command.arguments).toEqual(['/d', '/e:on', '/v:off', '/c', '..\\host\\start.cmd']);
    expect(script.toString()).toBe('@echo off\r\necho hello\r\n');
    expect(start.toString()).toBe('@.\\Clean_up.cmd one "two words"\r\n');
    expect(command.environment).toMatchObject({ AUTOMATION_PARAMETER_b: 'two words' });
  });

  it('is written in the console’s code page', async () => {
    const { script, start } = await prepare({ script: '\ufeffecho Größe' }, 850);
    expect(script).toEqual(iconv.encode('echo Größe\r\n', 'cp850'));
    expect(start.toString()).not.toContain('chcp');
  });

  it('gets a console of UTF-8 where the page lacks a character of script or parameters', async () => {
    const { command, script, start } = await prepare({ script: 'echo 5 € für Žofie' }, 850);
    expect(script.toString('utf8')).toBe('echo 5 € für Žofie\r\n');
    expect(start.toString()).toBe('@chcp 65001 >nul\r\n@.\\Clean_up.cmd\r\n');
    expect(command.decoder?.().push(Buffer.from('5 €\r\n')).toString()).toBe('5 €\r\n');
    const { start: other } = await prepare({ parameters: parametersOf({ a: 'Žofie' }) }, 850);
    expect(other.toString('utf8')).toBe('@chcp 65001 >nul\r\n@.\\Clean_up.cmd "Žofie"\r\n');
  });

  it('is taken for text of the usual page where nobody can tell which', async () => {
    const { script } = await prepare({ script: 'echo é' }, undefined);
    expect(script).toEqual(iconv.encode('echo é\r\n', 'cp437'));
  });
});
