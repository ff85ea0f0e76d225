import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endDeadTree } from '../../src-main/launcher/dead-tree.ts';
import { identifyProcess, identifyThisProcess, isRunning } from '../../src-main/platform/process-identity.ts';
import { ProcessTree, treeMarkOf } from '../../src-main/platform/process-tree.ts';
import { describeSearch, findRuntimes } from '../../src-main/platform/runtimes.ts';
import { notePlace } from '../../src-main/sandbox/ground.ts';
import { until } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const family =
  "sleep 300 & (setsid sh -c '(sleep 300 &) ; trap \"\" TERM; sleep 300; sleep 300' &) ; trap '' TERM; sleep 300; sleep 300";

describe('a process', () => {
  it('is known by boot, pid and start time: a pid that is used again is another process', async () => {
    const child = spawn('sleep', ['300']);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const identity = identifyProcess(child.pid ?? 0);
    if (identity === undefined) throw new Error('no process');
    expect(isRunning(identity)).toBe(true);
    expect(isRunning({ ...identity, startTime: '1' })).toBe(false);
    expect(isRunning({ ...identity, bootId: 'another boot' })).toBe(false);
    child.kill('SIGKILL');
    await ended;
    expect(isRunning(identity)).toBe(false);
    expect(isRunning(identifyThisProcess())).toBe(true);
  });
});

describe('the groups of a process tree', () => {
  it('are found again when its sandbox died as it made them', async () => {
    const folder = await tempFolder();
    const mark = `test-${process.pid}-place`;
    const limits = { memoryBytes: 256 << 20, processes: 50, cpuPercent: 100 };
    await notePlace(ProcessTree.placeOf(mark, limits), folder);
    const { place } = ProcessTree.create(mark, limits);
    const made = [place.group, ...place.limitGroups].filter((group) => group !== null);
    expect(ProcessTree.placeOf(mark, limits).limitGroups).toEqual(expect.arrayContaining(place.limitGroups));
    if (place.group !== null) expect(ProcessTree.placeOf(mark, limits).group).toBe(place.group);
    expect(await endDeadTree(folder)).toEqual({ found: 0, left: 0 });
    expect(made.filter((group) => existsSync(group))).toEqual([]);
  });

  it('and its processes are found by its mark where a job has taken the note away', async () => {
    const folder = await tempFolder();
    const tree = ProcessTree.create(treeMarkOf(folder));
    const environment = { PATH: process.env['PATH'] ?? '', ...tree.environment };
    const child = tree.spawn(() => spawn('sleep', ['300'], { detached: true, stdio: 'ignore', env: environment }));
    expect(await endDeadTree(folder)).toEqual({ found: 1, left: 0 });
    expect(identifyProcess(child.pid ?? 0)).toBeUndefined();
    expect(tree.place.group === null || !existsSync(tree.place.group)).toBe(true);
  });
});

describe.each([
  ['with a control group, where this machine allows one', true],
  ['by its mark alone', false],
])('a process tree %s', (_how, withGroup) => {
  function startFamily(): ProcessTree {
    const mark = `test-${process.pid}-${withGroup ? 'group' : 'mark'}-${Math.floor(performance.now())}`;
    const tree = withGroup ? ProcessTree.create(mark) : ProcessTree.reopen({ mark, group: null, limitGroups: [], job: null });
    onTestFinished(async () => {
      await tree.end();
      tree.dispose();
    });
    const environment = { PATH: process.env['PATH'] ?? '', ...tree.environment };
    tree.spawn(() => spawn('bash', ['-c', family], { detached: true, stdio: 'ignore', env: environment }));
    return tree;
  }

  /** Shells that only start others come and go meanwhile: whole is a family of six that is the same at two looks. */
  async function wholeFamily(tree: ProcessTree): Promise<void> {
    let before = '';
    await until('the family', () => {
      const members = tree.members().sort().join();
      const isSame = members === before;
      before = members;
      return isSame && members.split(',').length === 6;
    });
  }

  it('holds everything that was started in it, and nothing else', async () => {
    const tree = startFamily();
    await wholeFamily(tree);
    expect(tree.members()).not.toContain(process.pid);
  });

  it('is ended whole, whatever ignores the request, and is counted afterwards', async () => {
    const tree = startFamily();
    await wholeFamily(tree);
    tree.signal('SIGTERM');
    await until('those that listen to go', () => tree.members().length < 6);
    expect(tree.members().length).toBeGreaterThan(0);
    expect(await tree.end()).toMatchObject({ left: 0 });
    expect(tree.members()).toEqual([]);
    expect(await tree.end()).toMatchObject({ found: 0, left: 0 });
  });

  it('is found again by who has its place, when who made it is dead', async () => {
    const tree = startFamily();
    await wholeFamily(tree);
    const found = ProcessTree.reopen(tree.place);
    expect(found.members().sort()).toEqual(tree.members().sort());
    expect(await found.end()).toMatchObject({ found: 6, left: 0 });
    found.dispose();
  });

  it('measures what it used', async () => {
    const mark = `test-${process.pid}-use-${withGroup ? 'group' : 'mark'}`;
    const tree = withGroup ? ProcessTree.create(mark) : ProcessTree.reopen({ mark, group: null, limitGroups: [], job: null });
    onTestFinished(() => tree.dispose());
    await tree.prepare();
    const script = 'x = bytearray(60 << 20)\nimport time\nend = time.time() + 1.3\nwhile time.time() < end: pass';
    const environment = { PATH: process.env['PATH'] ?? '', ...tree.environment };
    const child = tree.spawn(() => spawn('python3', ['-c', script], { stdio: 'ignore', env: environment }));
    await new Promise((resolve) => child.once('exit', resolve));
    const { cpuMs, peakMemoryBytes } = tree.usage();
    expect(cpuMs).toBeGreaterThan(200);
    expect(cpuMs).toBeLessThan(4000);
    expect(peakMemoryBytes).toBeGreaterThan(60 << 20);
    expect(peakMemoryBytes).toBeLessThan(400 << 20);
  });
});

describe('a process that moves itself out of its control group', () => {
  it('and its session, and its parent, is ended with the tree all the same, and counted', async (context) => {
    const tree = ProcessTree.create(`test-${process.pid}-escape`);
    onTestFinished(async () => {
      await tree.end();
      tree.dispose();
    });
    const { group } = tree.place;
    if (group === null) return context.skip('this machine lets nobody make control groups');
    const file = path.join(await tempFolder(), 'pid');
    const script = `(setsid sh -c 'echo $$ > "$HOME_GROUP/cgroup.procs"; echo $$ > "$PID_FILE"; exec sleep 300' &); exit 0`;
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME_GROUP: path.dirname(group),
      PID_FILE: file,
      ...tree.environment,
    };
    tree.spawn(() => spawn('bash', ['-c', script], { detached: true, stdio: 'ignore', env: environment }));
    const readPid = async (): Promise<number> => Number(await readFile(file, 'utf8').catch(() => ''));
    await until('the escaped process', async () => (await readPid()) > 0);
    const escaped = identifyProcess(await readPid());
    if (escaped === undefined) throw new Error('no process');
    await until('it to be alone', () => tree.members().length === 0);
    expect(isRunning(escaped)).toBe(true);
    // Seen also by an engine that finds only what a dead sandbox has written down.
    expect(await ProcessTree.reopen(tree.place).end()).toMatchObject({ found: 1, left: 0 });
    expect(isRunning(escaped)).toBe(false);
  });
});

describe('a process tree without a control group', () => {
  it('finds and ends a process that has dropped environment, session and parent, and nothing that is not the job’s', async () => {
    const keeper = fileURLToPath(new URL('../fixtures/sandbox/orphan-keeper.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [keeper], { timeout: 30_000 });
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 0,
      asked: 'answered',
      // The one that lasts with its `sleep`, and the three short ones.
      atFirst: 5,
      // Without what has ended: the one that lasts, and the sibling.
      children: 2,
      ending: { found: 2, left: 0 },
      isSiblingAlive: true,
    });
  });
});

describe('runtimes', () => {
  it('are asked for themselves: what is on PATH but is not what it is called is none', async () => {
    const found = await findRuntimes({ environment: process.env, platform: 'linux' });
    expect(found.find((one) => one.kind === 'Bash')).toMatchObject({ label: expect.stringMatching(/^Bash \d/) as string });
    expect(found.find((one) => one.kind === 'Python3')?.executable).toMatch(/^\/.*python3/);
    expect(await findRuntimes({ environment: { PATH: '/nonexistent' }, platform: 'linux' })).toEqual([]);
    expect(await findRuntimes({ environment: { PATH: '', PYTHON_3_PATH: '/bin/true' }, platform: 'linux' })).toEqual([]);
  });

  it('are called by the version that a person knows, without what a build adds to it', async () => {
    const folder = await tempFolder();
    for (const [version, known] of [
      ['7.6.5-0-g7acb29279dd64e646d821f75d1cc8ad59455a9a6', '7.6.5'],
      ['7.7.0-preview.2', '7.7.0-preview.2'],
      ['7.7.0-preview.2-31-g7acb2927', '7.7.0-preview.2'],
      ['7.4.0', '7.4.0'],
    ] as const) {
      await writeFile(path.join(folder, 'pwsh'), `#!/bin/sh\necho "PowerShell ${version}"\n`, { mode: 0o755 });
      const found = await findRuntimes({ environment: { PATH: folder }, platform: 'linux' });
      expect([...new Set(found.map(({ label }) => label))]).toEqual([`PowerShell ${known}`]);
    }
  });

  it('can say where they were looked for', () => {
    const search = { environment: { PYTHON_3_PATH: '/opt/python' }, platform: 'linux' } as const;
    expect(describeSearch('Python3', search)).toBe('/opt/python, python3');
    expect(describeSearch('Batch', search)).toBe('no runtime on linux');
    expect(describeSearch('PowerShell', { ...search, platform: 'win32' })).toMatch(/powershell\.exe, pwsh/);
  });
});
