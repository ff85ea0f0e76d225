/** `hrw open`: who is started with what, and what is said where there is nobody to start. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openControlPanel } from '../../src-main/platform/control-panel.ts';
import { provokes } from '../harness/provokes.ts';
import { root, waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const node = path.join(root, 'node_modules', 'node', 'bin', 'node');

async function program(text: string): Promise<{ folder: string; file: string }> {
  const folder = await tempFolder();
  const file = path.join(folder, 'application.mjs');
  await writeFile(file, text);
  return { folder, file };
}

function open(words: string[], environment: NodeJS.ProcessEnv = {}) {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...without } = process.env;
  return spawnSync(node, [path.join(root, 'out', 'hrw.cjs'), 'open', ...words], {
    env: { ...without, ...environment },
    encoding: 'utf8',
  });
}

describe('opening the control panel from a terminal', () => {
  it('hands data folder and place to the application, and leaves it running', async () => {
    const { folder, file } = await program(
      `import { existsSync, renameSync, writeFileSync } from 'node:fs';
const [, , folder, ...told] = process.argv;
writeFileSync(folder + '/telling', JSON.stringify(told));
renameSync(folder + '/telling', folder + '/told.json');
const timer = setInterval(() => {
  if (!existsSync(folder + '/go')) return;
  clearInterval(timer);
  writeFileSync(folder + '/still-here', '');
}, 20);
setTimeout(() => process.exit(4), 60_000).unref();
`,
    );
    await openControlPanel({
      program: { file: node, leading: [file, folder] },
      dataFolder: '/data of the worker',
      place: 'jobs/5f0c',
      settledMs: 100,
    });
    const there = (name: string) => waitFor(name, 30, () => Promise.resolve(existsSync(path.join(folder, name)) || undefined));
    await there('told.json');
    expect(JSON.parse(await readFile(path.join(folder, 'told.json'), 'utf8'))).toEqual([
      '--data',
      '/data of the worker',
      'jobs/5f0c',
    ]);
    await writeFile(path.join(folder, 'go'), '');
    await there('still-here');
  });

  it('is done at once where the application that runs was told', async () => {
    const { folder, file } = await program('process.exit(0);\n');
    const begin = performance.now();
    await openControlPanel({ program: { file: node, leading: [file] }, dataFolder: folder, place: '', settledMs: 60_000 });
    expect(performance.now() - begin).toBeLessThan(30_000);
  });

  it('says that there is no application, or that it did not start', async () => {
    const missing = openControlPanel({ program: { file: '/nowhere/worker', leading: [] }, dataFolder: '/d', place: '' });
    await expect(missing).rejects.toMatchObject({ code: provokes('control-panel-missing') });
    const { folder, file } = await program('process.exit(3);\n');
    const failing = openControlPanel({
      program: { file: node, leading: [file] },
      dataFolder: folder,
      place: '',
      settledMs: 60_000,
    });
    await expect(failing).rejects.toMatchObject({ code: provokes('control-panel-failed') });
  });

  it('knows the places, and says what does the same without a display', () => {
    const wrong = open(['jobs']);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('diagnostics, settings, jobs/<id>')]);
    const help = open(['--help']);
    expect(help.stdout).toContain('hrw open diagnostics');
    if (process.platform !== 'linux') return;
    const blind = open(['jobs/5f0c1d2e']);
    expect([blind.status, blind.stdout]).toEqual([1, '']);
    expect(blind.stderr).toContain('There is no display here');
    expect(blind.stderr).toContain('hrw status');
    provokes('display-missing');
  });
});
