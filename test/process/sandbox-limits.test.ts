import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noLimits } from '../../src-contract/sandbox.ts';
import { ProcessTree } from '../../src-main/platform/process-tree.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';

const megabyte = 1024 * 1024;

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

/** Takes memory piece by piece and keeps it. */
const glutton = `
held = []
print("eating", flush=True)
while True:
    held.append(bytearray(b"x" * (8 << 20)))
`;

/** How many processes it came to be, itself included, and no more for it. */
const breeder = 'for i in $(seq 60); do sleep 20 & done 2>/dev/null\necho "asked for 60"\nwait';

describe('a limit on the memory of a job', () => {
  it('ends what goes beyond it, and the job says so', async (context) => {
    requireRuntime(context, 'python3');
    const jrds = await startJrds({ job: { kind: 'Python3', script: glutton } });
    const sandbox = await runSandbox(jrds, { limits: { ...noLimits, memoryBytes: 128 * megabyte } });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', processesLeft: 0 } });
    expect(jrds.final?.hrw?.reason).toMatch(
      /^A limit of this worker: the processes of the runbook used more memory than the 128 MB/,
    );
    expect(jrds.final?.hrw?.limits).toMatch(/^128 MB \((kept by the kernel|looked after)/);
    expect(jrds.decisions.join()).toMatch(/A limit of this worker/);
  });

  it('leaves alone what stays below', async (context) => {
    requireRuntime(context, 'python3');
    const jrds = await startJrds({ job: { kind: 'Python3', script: 'held = bytearray(20 << 20)\nprint(len(held))' } });
    const limits = { memoryBytes: 256 * megabyte, processes: 50, cpuPercent: 200 };
    const sandbox = await runSandbox(jrds, { limits });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed' });
    expect(jrds.final?.hrw?.limits).toMatch(/^256 MB .*, 50 processes .*, 200 % of a core /);
    expect(jrds.decisions).toEqual([]);
  });
});

describe('a limit on the processes of a job', () => {
  it('holds, whatever forks, and the job says so', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: breeder } });
    const sandbox = await runSandbox(jrds, { limits: { ...noLimits, processes: 12 }, stopGraceSeconds: 0.5 });
    let most = 0;
    const looking = setInterval(() => (most = Math.max(most, sandbox.members().length)), 20);
    onTestFinished(() => clearInterval(looking));
    const stopping = setTimeout(() => jrds.stopJob(), 8000);
    onTestFinished(() => clearTimeout(stopping));
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.decisions.join()).toMatch(
      /A limit of this worker: the processes of the runbook wanted to be more than the 12 processes/,
    );
    expect(jrds.final?.hrw).toMatchObject({ processesLeft: 0 });
    if (jrds.final?.hrw?.limits?.includes('kernel') === true) expect(most).toBeLessThanOrEqual(13);
  });
});

describe('limits that the kernel does not keep', () => {
  /** A tree that is known by its mark alone has no control groups. */
  function startTree(limits: typeof noLimits, script: string): { tree: ProcessTree; ended: Promise<unknown> } {
    const tree = ProcessTree.create(`test-${process.pid}-limit-${Math.floor(performance.now())}`, limits, false);
    onTestFinished(async () => {
      await tree.end();
      tree.dispose();
    });
    const environment = { PATH: process.env['PATH'] ?? '', ...tree.environment };
    const child = tree.spawn(() => spawn('bash', ['-c', script], { detached: true, stdio: 'ignore', env: environment }));
    return { tree, ended: new Promise((resolve) => child.once('exit', resolve)) };
  }

  it('are looked after: the whole job is ended, and which limit it was is known', async () => {
    const memory = startTree({ ...noLimits, memoryBytes: 100 * megabyte }, `sleep 300 & exec python3 -c '${glutton}'`);
    await memory.ended;
    await until('the rest of the job to end', () => memory.tree.members().length === 0);
    expect(memory.tree.limitHit()).toEqual({ name: 'memoryBytes', keeper: 'watched' });
    const processes = startTree({ ...noLimits, processes: 5 }, 'for i in 1 2 3 4 5 6 7; do sleep 300 & done; wait');
    await processes.ended;
    await until('the rest of the job to end', () => processes.tree.members().length === 0);
    expect(processes.tree.limitHit()).toEqual({ name: 'processes', keeper: 'watched' });
  });

  it('are named as what they are', () => {
    const { tree } = startTree({ memoryBytes: megabyte * 500, processes: 20, cpuPercent: 100 }, 'true');
    expect(['memoryBytes', 'processes', 'cpuPercent'].map((name) => tree.keeperOf(name as keyof typeof noLimits))).toEqual([
      'watched',
      'watched',
      'none',
    ]);
  });
});

describe('a limit on the processor time of a job', () => {
  it('slows the job down to its share, where the kernel keeps it', async (context) => {
    const tree = ProcessTree.create(`test-${process.pid}-cpu`, { ...noLimits, cpuPercent: 20 });
    onTestFinished(async () => {
      await tree.end();
      tree.dispose();
    });
    if (tree.keeperOf('cpuPercent') !== 'kernel') {
      context.expect(tree.keeperOf('cpuPercent')).toBe('none');
      context.skip('this machine lets nobody make control groups with a processor limit');
    }
    const environment = { PATH: process.env['PATH'] ?? '', ...tree.environment };
    tree.spawn(() => spawn('bash', ['-c', 'while :; do :; done'], { detached: true, stdio: 'ignore', env: environment }));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await tree.end();
    expect(tree.usage().cpuMs).toBeLessThan(900);
  });
});

describe('the groups of a job', () => {
  it('are taken away with it', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'cat /proc/self/cgroup' } });
    const sandbox = await runSandbox(jrds, { limits: { memoryBytes: 256 * megabyte, processes: 50, cpuPercent: 100 } });
    expect(await sandbox.ended).toBe(endedWell);
    const groups = new Set(
      jrds.records.map((record) => record.text.split(':').at(-1)).filter((group) => group?.includes('hrw-')),
    );
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      const mount = / - cgroup2? /.test(line) ? line.split(' ')[4] : undefined;
      if (mount === undefined) continue;
      for (const group of groups) await expect(readdir(`${mount}${group ?? ''}`)).rejects.toThrow();
    }
  });
});
