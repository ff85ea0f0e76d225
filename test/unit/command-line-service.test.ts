/** The small deciding parts of hrw's service side. */
import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '../../src-main/command-line/service/event-stream.ts';
import { describeRunbookFile } from '../../src-main/command-line/service/runbook-file.ts';
import { formatTable, plainText } from '../../src-main/command-line/terminal-text.ts';

describe('an event stream', () => {
  const text = ': a comment\n\nid: 1/4\nevent: records\ndata: {"a":"ä"}\n\nevent: end\ndata: one\ndata: two\n\n';

  it.each([1, 2, 3, 7, 1000])('is read from pieces of %i bytes', (size) => {
    const reader = new EventStreamReader();
    const bytes = Buffer.from(text);
    const events = [];
    for (let at = 0; at < bytes.length; at += size) events.push(...reader.push(bytes.subarray(at, at + size)));
    expect(events).toEqual([
      { event: 'records', id: '1/4', data: '{"a":"ä"}' },
      { event: 'end', id: '1/4', data: 'one\ntwo' },
    ]);
  });

  it('that breaks off gives no half event', () => {
    const reader = new EventStreamReader();
    expect(reader.push(Buffer.from('id: 1/5\nevent: records\ndata: {"a":1}\n'))).toEqual([]);
  });
});

describe('text for a terminal', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;a title\u0007after', 'after'],
    ['\u001b]8;;https://example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b2Jclear', 'clear'],
    ['a\rb\u0008\u0007c', 'abc'],
    ['keeps\ttabs\nand lines\r\n', 'keeps\ttabs\nand lines\n'],
    ['\u001b', ''],
    ['größer ✓ 😀', 'größer ✓ 😀'],
  ])('%j becomes %j', (given, expected) => {
    expect(plainText(given)).toBe(expected);
  });

  it('in a table stands in its column, on its line', () => {
    expect(
      formatTable(
        ['A', 'LONG'],
        [
          ['one\ntwo', 'x'],
          ['1', '\u001b[1mbold'],
        ],
      ),
    ).toBe('A        LONG\none two  x\n1        bold\n');
  });
});

describe('a script file', () => {
  it.each([
    ['Copy-LocalFiles.ps1', 'param($A)', 'Copy-LocalFiles', 'PowerShell'],
    ['C.ps1', '<# help\n#>\n# more\n\r\nworkflow C { }', 'C', 'PowerShellWorkflow'],
    ['C.ps1', '"workflow C"', 'C', 'PowerShell'],
    ['a/b/report.py', 'print(1)', 'report', 'Python3'],
    ['x.sh', '', 'x', 'Bash'],
    ['x.CMD', '', 'x', 'Batch'],
    ['x.bat', '', 'x', 'Batch'],
  ])('%s is the runbook and kind that it says', (file, script, name, kind) => {
    expect(describeRunbookFile(file, script, {})).toEqual({ name, kind });
  });

  it('that says nothing must be named', () => {
    expect(() => describeRunbookFile('script.txt', '', {})).toThrow('--kind');
    expect(() => describeRunbookFile('my script.sh', '', {})).toThrow('--name');
    expect(describeRunbookFile('my script.txt', '', { name: 'mine', kind: 'Bash' })).toEqual({ name: 'mine', kind: 'Bash' });
  });
});
