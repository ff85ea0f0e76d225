import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readJournal, summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

const numbered = (count: number, pause = '0.01'): string => `for i in $(seq ${count}); do echo "line $i"; sleep ${pause}; done`;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
const textsOf = (jrds: ScriptedJrds): string[] => jrds.records.map((record) => record.text);

describe('a service that is away', () => {
  it('misses nothing: the runbook goes on, the end waits, and every record comes when it is back', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: `${numbered(60)}\ntouch ended` } });
    const sandbox = await runSandbox(jrds);
    await until('some records', () => jrds.recordCount > 3);
    await jrds.leave();
    await until('the end of the runbook', async () => (await sandbox.state()).phase === 'uploading');
    await until('the trouble to be told', async () => (await sandbox.state()).phase === 'uploading');
    expect((await sandbox.state()).outcome).toBe('completed');
    expect((await summarizeJournal(sandbox.journal)).end?.outcome).toBe('completed');
    await jrds.comeBack();
    const back = performance.now();
    expect(await sandbox.ended).toBe(endedWell);
    expect(performance.now() - back).toBeLessThan(8000);
    expect(textsOf(jrds)).toEqual(numbers(60));
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', recordCount: 60, chain: jrds.chain });
  });

  it('is asked again when it comes and goes in every call, and nothing is doubled', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: numbered(80) } });
    const seen = new Map<string, number>();
    jrds.answerFirst = (path) => {
      const call = path.replace(/[0-9a-f-]{36}/g, 'id');
      const count = (seen.get(call) ?? 0) + 1;
      seen.set(call, count);
      // The first of each call, and of the uploads every second, meets a service that cannot serve.
      if (count === 1 || (call.endsWith('/records') && count % 2 === 0)) return { status: 503, headers: { 'retry-after': '0' } };
      return undefined;
    };
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(textsOf(jrds)).toEqual(numbers(80));
    expect([...seen.values()].every((count) => count >= 2)).toBe(true);
    expect(seen.size).toBeGreaterThanOrEqual(8);
  });

  it('is sent what it has lost: it asks for records at the end, and gets them from the journal', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: numbered(30) } });
    let refused = 0;
    jrds.answerFirst = (path, request) => {
      if (!path.endsWith('/changeStatus') || !request.body.includes('"isFinalStatus":true') || refused > 0) return undefined;
      refused += 1;
      jrds.forgetRecords();
      return { status: 409, body: { acknowledged: 0, chain: '0'.repeat(64) } };
    };
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(refused).toBe(1);
    expect(textsOf(jrds)).toEqual(numbers(30));
    expect((await sandbox.state()).verified).toBe(true);
  });

  it('may refuse the job for good: the sandbox ends, and its records are in the journal', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: numbered(5) } });
    jrds.answerFirst = (path, request) =>
      path.endsWith('/changeStatus') && request.body.includes('"isFinalStatus":true') ? { status: 404, body: 'gone' } : undefined;
    const sandbox = await runSandbox(jrds);
    await until('the end', async () => (await sandbox.state()).verified !== null);
    expect(await sandbox.state()).toMatchObject({ outcome: 'completed', verified: false });
    expect((await summarizeJournal(sandbox.journal)).recordCount).toBe(5);
  });

  it('is not spoken for by somebody on the way: a refusal without its mark is asked again', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: numbered(5) } });
    const seen = new Map<string, number>();
    jrds.answerFirst = (path) => {
      const call = path.split('/').at(-1) ?? '';
      const count = (seen.get(call) ?? 0) + 1;
      seen.set(call, count);
      // Who this service is, its first answer has said.
      if (count !== (call === 'getJobActions' ? 2 : 1)) return undefined;
      const status = call === 'getJobActions' ? 401 : 404;
      return { status, body: '404 page not found', headers: { 'hrw-features': '' } };
    };
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(textsOf(jrds)).toEqual(numbers(5));
    expect(await sandbox.state()).toMatchObject({ outcome: 'completed', verified: true });
    expect(jrds.statuses.at(-1)).toMatchObject({ jobStatus: 'Completed', isFinalStatus: true });
  });
});

describe('a sandbox that is killed', () => {
  it('leaves a journal that can be read to the last record that reached the disk, and continued', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: `sleep 300 &\n${numbered(10_000, '0.001')}` } });
    const sandbox = await runSandbox(jrds);
    await until('some records', () => jrds.recordCount > 50);
    process.kill(sandbox.pid, 'SIGKILL');
    await sandbox.ended;
    expect(await sandbox.state()).toMatchObject({ phase: 'running', jobId: jrds.jobId });
    // What the job still runs can be found, and ended, without the sandbox.
    expect(sandbox.members().length).toBeGreaterThan(0);
    const before = await summarizeJournal(sandbox.journal);
    expect(before).toMatchObject({ damaged: null, end: null });
    // What the service has confirmed was on the disk first.
    expect(before.recordCount).toBeGreaterThanOrEqual(jrds.recordCount);
    const texts: string[] = [];
    for await (const frame of readJournal(sandbox.journal)) texts.push(...frame.records.map((record) => record.text));
    expect(texts).toEqual(numbers(before.recordCount));
    const writer = await JournalWriter.reopen({ path: sandbox.journal, now: () => new Date(), delay: () => Promise.resolve() });
    await writer.end({ outcome: 'sandbox-crashed', reason: 'killed by a test', exitCode: null });
    expect(await summarizeJournal(sandbox.journal)).toMatchObject({
      recordCount: before.recordCount,
      end: { outcome: 'sandbox-crashed' },
    });
  });

  it('outlives whoever started it: nothing that it does needs them', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: `${numbered(20)}\necho "home is $HOME"` } });
    const sandbox = await runSandbox(jrds);
    // Its stdin and stdout are closed by now, and it still runs; so would it with its starter dead.
    await until('some records', () => jrds.recordCount > 3);
    expect(existsSync(`/proc/${sandbox.pid}`)).toBe(true);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.recordCount).toBe(21);
  });
});

describe('several jobs in one sandbox, as a foreign service may have them', () => {
  it('get a process each', async () => {
    const furtherJobIds = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    const jrds = await startJrds({
      foreign: true,
      furtherJobIds,
      job: { kind: 'Bash', script: 'echo "$AUTOMATION_JOB_ID $PPID"' },
    });
    const sandbox = await runSandbox(jrds);
    await until('all three jobs', () => jrds.finals.length === 3, 40);
    expect(new Set(jrds.posted.map((one) => one.JobId))).toEqual(new Set([jrds.jobId, ...furtherJobIds]));
    const parents = jrds.posted.map((one) => (one.StreamRecordText ?? '').split(' ')[1]);
    expect(new Set(parents).size).toBe(3);
    expect(parents).toContain(String(sandbox.pid));
    await until('the end of the siblings', () =>
      parents.every((pid) => pid === String(sandbox.pid) || !existsSync(`/proc/${pid}`)),
    );
  });
});
