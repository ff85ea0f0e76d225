/** One run of a real runtime with real pipes, where the journal cannot keep up and where words come late. */
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProcessTree } from '../../src-main/platform/process-tree.ts';
import { noLimits } from '../../src-contract/sandbox.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { ConsoleView } from '../../src-main/sandbox/console-view.ts';
import { prepareGround } from '../../src-main/sandbox/ground.ts';
import type { Runtime } from '../../src-main/sandbox/ports.ts';
import { Secrets } from '../../src-main/sandbox/masking/secrets.ts';
import { RecordIntake } from '../../src-main/sandbox/record-intake.ts';
import { RuntimeRun } from '../../src-main/sandbox/runtime-run.ts';
import { tempFolder } from '../harness/temp-folder.ts';

interface Changes {
  readHost?: Runtime['readHost'];
  changeTree?: (tree: ProcessTree) => void;
  onStarted?: (pid: number) => void;
  consoleMark?: string;
}

async function startRun(script: string, { readHost, changeTree, onStarted = () => undefined, consoleMark }: Changes = {}) {
  const folder = await tempFolder();
  const { tree, pipes, workFolder } = await prepareGround(folder, noLimits);
  onTestFinished(async () => {
    await tree.end();
  });
  changeTree?.(tree);
  const now = () => new Date();
  const journal = await JournalWriter.create(
    { path: path.join(folder, 'a.journal'), now, delay: () => Promise.resolve() },
    { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'r', runbookKind: 'Bash' },
  );
  onTestFinished(() => journal.close());
  const decisions: string[] = [];
  const run = new RuntimeRun({
    command: { file: '/bin/bash', arguments: ['-c', script], environment: {}, ...(consoleMark !== undefined && { consoleMark }) },
    environment: { PATH: '/usr/bin:/bin', REPORT: pipes.reportPipe ?? '', ...tree.environment },
    workFolder,
    runAs: { kind: 'own', name: 'tester' },
    tree,
    pipes,
    intake: new RecordIntake({ journal, now, droppedStreams: new Set(), secrets: new Secrets(), onFull: () => undefined }),
    readHost,
    terminal: undefined,
    view: new ConsoleView(),
    startLimitSeconds: 60,
    stopGraceSeconds: 1,
    decide: (text) => void decisions.push(text),
    onStarted,
    onStopping: () => undefined,
  });
  return { run, pipes, journal, decisions };
}

/** As a host whose only word is its last. */
const lastWordOnly: Runtime['readHost'] = (listener) => ({ push: () => listener.ended(0, null) });

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

describe('a run whose runtime nothing can end', () => {
  it('is over when everything was tried, and says how many processes are left', async () => {
    const { run, decisions } = await startRun("trap '' TERM; while :; do sleep 0.2; done", {
      // As of a process that waits for a dead disk.
      changeTree: (tree) => {
        const end = tree.end.bind(tree);
        onTestFinished(async () => {
          await end();
        });
        tree.end = () => Promise.resolve({ found: 1, left: 1, tookMs: 5000 });
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(run.stop('a test')).toBe(true);
    expect(await run.result).toMatchObject({ end: { kind: 'ended', exitCode: null, signal: null }, processesLeft: 1 });
    expect(decisions.join(' ')).toContain('1 are left');
  }, 30_000);
});

describe('a run whose output is held open from outside', () => {
  it('takes what came until then, and the journal says so', async () => {
    const { run, journal, decisions } = await startRun('echo before; sleep 0.2', {
      // This process is no member of the tree, and nothing of the run ends it.
      onStarted: (pid) => {
        const held = openSync(`/proc/${String(pid)}/fd/1`, 'a');
        onTestFinished(() => {
          closeSync(held);
        });
      },
    });
    await run.result;
    expect(journal.recordCount).toBe(1);
    expect(decisions).toEqual([
      expect.stringMatching(/something outside it held its output open 5 s later.* What came until then is all that was taken/),
    ]);
  });
});

describe('a run that speaks through its console alone', () => {
  const marked = { readHost: lastWordOnly, consoleMark: 'mark' };

  it('has failed with what it printed as errors, not with what it had to say', async () => {
    const { run, journal } = await startRun('echo mark begin 5.1; echo ordinary; echo "no room" >&2; exit 1', marked);
    const { end } = await run.result;
    expect(end).toMatchObject({ host: { begun: '5.1', ended: { exitCode: 1, exception: 'no room' } } });
    expect(journal.recordCount).toBe(2);
  });

  it('has failed when its exit code says so, whatever stands on a mark before', async () => {
    const { run, journal } = await startRun('echo mark begin 5.1; echo mark end 0; echo later; exit 3', marked);
    const { end } = await run.result;
    expect(end).toMatchObject({ host: { ended: { exitCode: 3 } } });
    expect(journal.recordCount).toBe(1);
  });
});

describe('words that come when the runtime has ended', () => {
  it('leave no time limit behind when they are the host’s last', async () => {
    const { run, pipes } = await startRun('echo ended > "$REPORT"', { readHost: lastWordOnly });
    pipes.pause();
    setTimeout(() => pipes.resume(), 500);
    const { end } = await run.result;
    // What the harness looks at besides: no timer is left.
    expect(end).toMatchObject({ host: { ended: { exitCode: 0 } } });
  });

  it('are waited for when they are those of a stop that came while the rest of the tree was being ended', async () => {
    const late: { run?: RuntimeRun } = {};
    const { run, decisions } = await startRun(`(trap '' TERM; sleep 60 & wait; sleep 60) >/dev/null 2>&1 & exit 0`, {
      changeTree: (tree) => {
        const end = tree.end.bind(tree);
        tree.end = () => {
          late.run?.stop('at the last moment');
          return end();
        };
      },
    });
    late.run = run;
    await run.result;
    expect(decisions).toContainEqual(expect.stringContaining('Stop (at the last moment)'));
    expect(run.stop('again')).toBe(false);
  });
});
