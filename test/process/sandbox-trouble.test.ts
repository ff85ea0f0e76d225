/** What else happens to a sandbox: folders that somebody deletes under it, and a service that ends it before its outcome was taken. */
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readJournal, summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

const textsOf = (jrds: ScriptedJrds): string[] => jrds.records.map((record) => record.text);

describe('a folder that is deleted under a running job', () => {
  it('the working folder: the runbook goes on, its records come, its outcome is its own', async () => {
    const script = 'echo "in $PWD" | sed "s/in .*work$/in work/"; rm -rf "$PWD"; echo gone; (sleep 0.1; echo later); exit 3';
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(textsOf(jrds)).toEqual(['in work', 'gone', 'later']);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'failed', exitCode: 3, recordCount: 3, chain: jrds.chain });
    expect(jrds.final?.hrw).toMatchObject({ processesLeft: 0 });
  });

  it('everything of the sandbox but its journal: the job comes to its end all the same, with nothing left running', async () => {
    const script = 'rm -rf "$(dirname "$PWD")"; echo gone; sleep 600 & sleep 0.3; echo later';
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(existsSync(sandbox.folder)).toBe(false);
    expect(textsOf(jrds)).toEqual(['gone', 'later']);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', recordCount: 2, chain: jrds.chain, processesLeft: 0 });
  });
});

describe('a service that ends a sandbox (401) before it has confirmed the outcome', () => {
  it('is told nothing more; the records and the true outcome stay in the journal, and the sandbox ends', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo one; echo two; exit 4' } });
    let asked = 0;
    jrds.answerFirst = (path, request) => {
      if (!path.endsWith('/changeStatus') || !request.body.includes('"isFinalStatus":true')) return undefined;
      asked += 1;
      // The final status is on its way when the word to end overtakes it.
      jrds.fence();
      return { status: 503, headers: { 'retry-after': '0' }, delayMs: 300 };
    };
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(asked).toBe(1);
    expect(jrds.final).toBeUndefined();
    const journal = await summarizeJournal(sandbox.journal);
    expect([journal.recordCount, journal.end?.outcome, journal.end?.exitCode]).toEqual([2, 'failed', 4]);
    expect(await sandbox.state()).toMatchObject({ phase: 'ended', outcome: 'interrupted', verified: false });
    const texts: string[] = [];
    for await (const frame of readJournal(sandbox.journal)) texts.push(...frame.records.map((record) => record.text));
    expect(texts).toEqual(['one', 'two']);
  });

  it('before it has one at all: what ran is stopped, and nothing of it is left', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo one; sleep 600 & sleep 600' } });
    const sandbox = await runSandbox(jrds);
    await until('the first record', () => jrds.recordCount === 1);
    jrds.answerFirst = () => ({ status: 401, body: { message: 'no such sandbox' } });
    await until('the end', async () => (await sandbox.state()).phase === 'ended', 40);
    expect(await sandbox.ended).toBe(endedWell);
    expect(sandbox.members()).toEqual([]);
    expect((await summarizeJournal(sandbox.journal)).end?.outcome).toBe('interrupted');
  });
});
