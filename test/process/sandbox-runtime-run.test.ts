/** One run of a real runtime with real pipes, where the journal cannot keep up and where its output outlasts it. */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { prepareGround } from '../../src-main/sandbox/ground.ts';
import { RecordIntake } from '../../src-main/sandbox/record-intake.ts';
import { RuntimeRun } from '../../src-main/sandbox/runtime-run.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function startRun(script: string, onStarted: (pid: number) => void = () => undefined) {
  const folder = await tempFolder();
  const { tree, pipes, workFolder } = await prepareGround(folder, `run-${randomUUID()}`);
  onTestFinished(async () => {
    await tree.end();
  });
  const now = () => new Date();
  const journal = await JournalWriter.create(
    { path: path.join(folder, 'a.journal'), now, delay: () => Promise.resolve() },
    { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'r', runbookKind: 'Bash' },
  );
  onTestFinished(() => journal.close());
  const decisions: string[] = [];
  const run = new RuntimeRun({
    command: { file: '/bin/bash', arguments: ['-c', script], environment: {} },
    environment: { PATH: '/usr/bin:/bin', REPORT: pipes.reportPipe ?? '', ...tree.environment },
    workFolder,
    tree,
    pipes,
    intake: new RecordIntake({ journal, now, droppedStreams: new Set(), onFull: () => undefined }),
    readHost: undefined,
    stopGraceSeconds: 1,
    decide: (text) => void decisions.push(text),
    onStarted,
  });
  return { run, pipes, journal, decisions };
}

describe('a run whose journal cannot be written', () => {
  it('waits with what the runtime has written for as long as that takes, although the runtime has ended', async () => {
    const { run, pipes, journal, decisions } = await startRun('for i in {1..4000}; do echo "line number $i"; done');
    pipes.pause();
    // Longer than whatever a run waits for open pipes.
    setTimeout(() => pipes.resume(), 7500);
    const { end } = await run.result;
    expect(end).toMatchObject({ kind: 'ended', exitCode: 0 });
    expect(journal.recordCount).toBe(4000);
    expect(decisions).toEqual([]);
  });
});

describe('a run whose output is held open from outside', () => {
  it('takes what came until then, and the journal says so', async () => {
    const { run, journal, decisions } = await startRun('echo before; sleep 0.2', (pid) => {
      // This process is no member of the tree, and nothing of the run ends it.

      const held = openSync(`/proc/${String(pid)}/fd/1`, 'a');
      onTestFinished(() => {
        closeSync(held);
      });
    });
    await run.result;
    expect(journal.recordCount).toBe(1);
    expect(decisions).toEqual([
      expect.stringMatching(/something outside it held its output open 5 s later.* What came until then is all that was taken/),
    ]);
  });
});
