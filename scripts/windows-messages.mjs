/**
 * hrw-messages.dll: the texts of our event ids and the names of our channels, as Event Viewer wants them. Built on Linux by the tools of
 * Debian's package binutils-mingw-w64-x86-64.
 *
 *   node scripts/windows-messages.mjs <file.dll>
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './paths.mjs';

const tools = 'x86_64-w64-mingw32-';

/**
 * Every text is the one that the event brings with it: `%1`.
 * @returns {string} for the message compiler
 */
function messageText() {
  const source = readFileSync(join(root, 'src-contract', 'events.ts'), 'utf8');
  const channels = [...(/eventChannel = z[.]enum\(\[([^\]]*)\]/.exec(source)?.[1] ?? '').matchAll(/'([^']*)'/g)].map(
    ([, name]) => name,
  );
  const ids = [...source.matchAll(/^ {2}\w+: \{ id: (\d+), channel:/gm)].map(([, id]) => Number(id));
  if (channels.length === 0 || ids.length === 0)
    throw new Error('src-contract/events.ts no longer names channels and ids as this script reads them');
  const texts = [
    ...channels.map((name, index) => /** @type {const} */ ([index + 1, name ?? ''])),
    ...[...new Set(ids)].sort((one, other) => one - other).map((id) => /** @type {const} */ ([id, '%1'])),
  ];
  const messages = texts.map(([id, text]) =>
    [
      `MessageId=${String(id)}`,
      'Severity=Success',
      'Facility=None',
      `SymbolicName=HRW_${String(id)}`,
      'Language=English',
      text,
      '.',
      '',
    ].join('\n'),
  );
  // Without a facility an id is the number that people read.
  const head = ['MessageIdTypedef=DWORD', 'FacilityNames=(None=0x0)', 'LanguageNames=(English=0x409:MSG00409)', ''].join('\n');
  return `${head}\n${messages.join('\n')}`;
}

/** @param {string} file */
export function buildWindowsMessages(file) {
  const folder = mkdtempSync(join(tmpdir(), 'hrw-messages-'));
  try {
    writeFileSync(join(folder, 'messages.mc'), messageText());
    /** @param {string} tool @param {string[]} given */
    const run = (tool, given) => execFileSync(tools + tool, given, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    run('windmc', ['--unicode_out', 'messages.mc']);
    run('windres', ['messages.rc', '-O', 'coff', '-o', 'messages.o']);
    mkdirSync(dirname(resolve(file)), { recursive: true });
    run('ld', ['--shared', '--entry', '0', '--no-insert-timestamp', '-o', resolve(file), 'messages.o']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file] = process.argv.slice(2);
  if (file === undefined) {
    console.error('Say where to: node scripts/windows-messages.mjs <file.dll>');
    process.exit(2);
  }
  buildWindowsMessages(file);
}
