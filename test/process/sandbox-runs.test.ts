import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { endedWell, runSandbox } from '../harness/sandbox-process.ts';
import { provokes } from '../harness/provokes.ts';
import { describeProblem } from '../../src-contract/problems.ts';

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

const lines = (jrds: ScriptedJrds): [string, string][] => jrds.records.map((record) => [record.stream, record.text]);

describe('a sandbox that runs a job', () => {
  it('goes through the protocol from the hand-over to the end, and leaves its journal and nothing else', async () => {
    const jrds = await startJrds({
      job: { kind: 'Bash', script: 'echo "hello $1"\r\necho "and $2"\r\n', parameters: { a: '"wide world"', b: '[1,2]' } },
    });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(sandbox.lastWords()).toBe('');
    expect(lines(jrds)).toEqual([
      ['Output', 'hello wide world'],
      ['Output', 'and [1,2]'],
    ]);
    expect(jrds.statuses.map((status) => status.jobStatus)).toEqual(['Activating', 'Running', 'Completed']);
    expect(jrds.acknowledgedMessages).toBe(1);
    expect(jrds.unloaded).toBe(true);
    const report = jrds.final?.hrw;
    expect(report).toMatchObject({ outcome: 'completed', exitCode: 0, recordCount: 2, chain: jrds.chain, processesLeft: 0 });
    expect(report?.runtime).toMatch(/^Bash \d/);
    expect(report?.wallMs).toBeGreaterThan(0);
    expect(report?.cpuMs).toBeGreaterThanOrEqual(0);
    const state = await sandbox.state();
    expect(state).toMatchObject({
      phase: 'ended',
      outcome: 'completed',
      verified: true,
      recordCount: 2,
      acknowledgedCount: 2,
      startedBy: 'somebody',
    });
    const journal = await summarizeJournal(sandbox.journal);
    expect(journal).toMatchObject({
      recordCount: 2,
      chain: jrds.chain,
      damaged: null,
      end: { outcome: 'completed', exitCode: 0 },
    });
    expect(existsSync(`${sandbox.folder}/work`)).toBe(false);
    expect(sandbox.members()).toEqual([]);
  });

  it('takes what was written to stderr for the exception of a runbook that ends with a bad exit code', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo fine\necho "disk is full" >&2\nexit 3' } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(lines(jrds)).toContainEqual(['Error', 'disk is full']);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', exception: 'disk is full', hrw: { outcome: 'failed', exitCode: 3 } });
  });

  it('completes a runbook that ends with 0, whatever it wrote to stderr', async () => {
    const jrds = await startJrds({
      job: { kind: 'Python3', script: 'import sys\nprint("out")\nprint("err", file=sys.stderr)\n' },
    });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(lines(jrds).sort()).toEqual([
      ['Error', 'err'],
      ['Output', 'out'],
    ]);
    expect(jrds.final?.jobStatus).toBe('Completed');
  });

  it('lets a script open its own standard streams by name', async () => {
    const jrds = await startJrds({
      job: { kind: 'Bash', script: 'echo out > /dev/stdout\necho err > /dev/stderr\nsleep 0.05; echo again > /proc/self/fd/1' },
    });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(lines(jrds)).toEqual(
      expect.arrayContaining([
        ['Output', 'out'],
        ['Error', 'err'],
        ['Output', 'again'],
      ]),
    );
  });

  it('gives the runtime a home, the job id, and nothing of its own', async () => {
    const script = 'env -0 | sort -z | tr "\\0" "\\n"; pwd; ls -A';
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(
      jrds,
      {},
      { ...process.env, NODE_OPTIONS: '--no-warnings', LD_SOMETHING: 'x', SECRET_TOKEN: 'canary' },
    );
    expect(await sandbox.ended).toBe(endedWell);
    const texts = jrds.records.map((record) => record.text);
    expect(texts).toContain(`AUTOMATION_JOB_ID=${jrds.jobId}`);
    expect(texts).toContain(`HOME=${sandbox.folder}/work`);
    expect(texts).toContain(`${sandbox.folder}/work`);
    const names = texts.filter((text) => /^[A-Z_]+=/.test(text)).map((text) => text.slice(0, text.indexOf('=')));
    const known = [
      'AUTOMATION_ACTIVITY_ID',
      'AUTOMATION_ASSET_ENDPOINT',
      'AUTOMATION_ASSET_KEY',
      'AUTOMATION_JOB_ID',
      'HOME',
      'HRW_SANDBOX',
      'LANG',
      'LC_ALL',
      'LC_CTYPE',
      'LOGNAME',
      'PATH',
      'PWD',
      'SHELL',
      'SHLVL',
      'TMPDIR',
      'TZ',
      'USER',
      '_',
      'OLDPWD',
    ];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(texts.join('\n')).not.toMatch(/canary|c2FuZGJveCBzZWNyZXQ/);
  });

  it('says in the job what this machine lacks', async () => {
    const jrds = await startJrds({ job: { kind: 'Python3', script: 'print("x")' } });
    const sandbox = await runSandbox(jrds, { runtimes: [] });
    expect(await sandbox.ended).toBe(endedWell);
    const expected = describeProblem(provokes('runtime-missing'), { kind: 'Python 3', tried: 'python3' });
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', recordCount: 0, exitCode: null } });
    expect(jrds.final?.exception).toContain(expected.title);
    expect(jrds.final?.exception).toContain(expected.text);
  });

  it('says that it does not know the kind of a runbook', async () => {
    const jrds = await startJrds({ job: { kind: 77, script: '' } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.exception).toMatch(/runbook kind 77/);
  });

  it('posts one record a call to a service of the plain protocol, and unloads its job', async () => {
    const jrds = await startJrds({
      foreign: true,
      job: { kind: 'Bash', script: 'for i in 1 2 3; do echo line $i; done; echo oops >&2' },
    });
    const sandbox = await runSandbox(jrds);
    await expect.poll(() => jrds.unloaded, { timeout: 15_000 }).toBe(true);
    expect(jrds.posted.filter((one) => one.Type === 'Output').map((one) => one.StreamRecordText)).toEqual([
      'line 1',
      'line 2',
      'line 3',
    ]);
    expect(jrds.posted.map((one) => one.SequenceNumber)).toEqual([0, 1, 2, 3]);
    expect(jrds.final).toMatchObject({ jobStatus: 'Completed', isFinalStatus: true });
    expect(jrds.final?.hrw).toBeUndefined();
    expect((await sandbox.state()).verified).toBeNull();
  });
});
