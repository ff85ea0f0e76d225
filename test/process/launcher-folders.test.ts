/** What the next engine makes of folders: those that cannot be removed as they are, and those of which the state is lost. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import type { SandboxSnapshot } from '../../src-main/launcher/launcher-listener.ts';
import { Launcher } from '../../src-main/launcher/launcher.ts';
import { removeSandboxFolder } from '../../src-main/launcher/sandbox-folders.ts';
import { FakeFinishingService } from '../fakes/finishing-service.ts';
import { waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const nobody = 65534;

/** Rights bind everybody but root: a test that runs as root gives that up for its duration. */
async function asOwnerOf(...folders: string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  for (const folder of folders) await chown(folder, nobody, nobody);
  process.seteuid?.(nobody);
  onTestFinished(() => process.seteuid?.(0));
}

const endedReport: SandboxReport = {
  contractVersion: 1,
  sandboxId: 's1',
  process: { bootId: 'the boot before', pid: 1, startTime: '0' },
  controlAddress: '',
  phase: 'ended',
  since: '2026-11-23T23:05:00.123Z',
  jobId: 'job-1',
  runbookName: 'r',
  kind: 'Bash',
  runtime: 'Bash',
  runtimePid: null,
  startedBy: null,
  attempt: 1,
  parameters: {},
  journalPath: null,
  startedAt: null,
  endedAt: '2026-11-23T23:05:01.123Z',
  recordCount: 0,
  acknowledgedCount: 0,
  lastRecord: null,
  outcome: 'completed',
  outcomeReason: '',
  exitCode: 0,
  wallMs: 1,
  cpuMs: null,
  peakMemoryBytes: null,
  journalBytes: 0,
  runAs: null,
  limits: null,
  processesLeft: null,
  verified: true,
  uploadTrouble: null,
  oldestWaitingAt: null,
  hasConsole: false,
  stop: null,
  asking: null,
};

function startLauncher(folder: string, service?: FakeFinishingService) {
  const told = { ends: [] as SandboxSnapshot[], faults: [] as string[], removed: [] as string[] };
  const launcher = new Launcher({
    sandboxesFolder: path.join(folder, 'sandboxes'),
    journalsFolder: path.join(folder, 'journals'),
    executable: { file: process.execPath, leading: [] },
    environment: {},
    now: () => new Date(),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
    retryDelayMs: () => 10,
    connectService: () => Promise.resolve(service === undefined ? undefined : { service, close: () => undefined }),
    listener: {
      countChanged: () => undefined,
      changed: () => undefined,
      adopted: () => undefined,
      notStarted: () => undefined,
      gone: () => undefined,
      crashed: () => undefined,
      ended: (sandbox) => Promise.resolve(void told.ends.push(sandbox)),
      leftoverRemoved: (what) => void told.removed.push(what),
      fault: (_error, what) => void told.faults.push(what),
    },
  });
  onTestFinished(() => launcher.close());
  return { launcher, told };
}

describe('a sandbox’s folder', () => {
  it('goes although the runbook left folders in it that nobody may write to', async () => {
    const folder = await tempFolder();
    const sandbox = path.join(folder, 's1');
    const cache = path.join(sandbox, 'work', 'cache', 'module');
    await mkdir(cache, { recursive: true });
    await writeFile(path.join(cache, 'file'), 'x');
    await asOwnerOf(folder, sandbox, path.join(sandbox, 'work'), path.join(sandbox, 'work', 'cache'), cache);
    for (const one of [cache, path.dirname(cache)]) await chmod(one, 0o555);
    await removeSandboxFolder(folder, 's1');
    expect(existsSync(sandbox)).toBe(false);
  });

  it('that stays all the same takes no slot, is reported, and is no sandbox for the next engine', async () => {
    const folder = await tempFolder();
    const sandboxes = path.join(folder, 'sandboxes');
    const sandbox = path.join(sandboxes, 's1');
    await mkdir(sandbox, { recursive: true });
    await mkdir(path.join(folder, 'journals'));
    await writeFile(path.join(sandbox, 'state.json'), JSON.stringify(endedReport));
    await asOwnerOf(folder, sandboxes, sandbox, path.join(folder, 'journals'), path.join(sandbox, 'state.json'));
    await chmod(sandboxes, 0o555);
    onTestFinished(() => chmod(sandboxes, 0o755));
    const first = startLauncher(folder);
    await first.launcher.adoptAll();
    await waitFor('the fault', 10, () => first.told.faults[0]);
    expect(first.told).toMatchObject({ faults: ['remove the folder of sandbox s1'], removed: [] });
    expect(first.told.ends).toHaveLength(1);
    await waitFor('its slot', 5, () => first.launcher.list().length === 0 || undefined);
    await first.launcher.close();
    expect(existsSync(sandbox)).toBe(true);
    const second = startLauncher(folder);
    await second.launcher.adoptAll();
    expect(second.told).toEqual({ ends: [], faults: ['remove the folder of sandbox s1'], removed: [] });
    expect(second.launcher.runningCount).toBe(0);
  });
});

describe('a sandbox whose state is lost', () => {
  async function prepare() {
    const folder = await tempFolder();
    const journals = path.join(folder, 'journals', 'job-of-s1');
    await mkdir(path.join(folder, 'sandboxes', 's1'), { recursive: true });
    await writeFile(path.join(folder, 'sandboxes', 's1', 'state.json'), '');
    await mkdir(journals, { recursive: true });
    const service = new FakeFinishingService();
    return { journals, service, ...startLauncher(folder, service) };
  }

  it('is reported as its journal says when that had come to its end', async () => {
    const { journals, service, launcher, told } = await prepare();
    const writer = await JournalWriter.create(
      { path: path.join(journals, 's1.journal'), now: () => new Date(), delay: () => Promise.resolve() },
      { jobId: 'job-of-s1', sandboxId: 's1', attempt: 2, runbookName: 'r', runbookKind: 'Bash' },
    );
    writer.append({ stream: 'Output', text: 'all done' });
    await writer.end({ outcome: 'completed', reason: '', exitCode: 0 });
    await launcher.adoptAll();
    const { report } = await waitFor('the end', 10, () => told.ends[0]);
    expect(report).toMatchObject({ outcome: 'completed', verified: true, attempt: 2 });
    expect(service.ends).toMatchObject([{ status: 'Completed' }]);
  });

  it('is not reported again when its end was noted already', async () => {
    const { journals, service, launcher, told } = await prepare();
    for (const name of ['s1.journal', 's1.attempt.json']) await writeFile(path.join(journals, name), '');
    await launcher.adoptAll();
    expect(told.removed).toHaveLength(1);
    expect(service.ends).toEqual([]);
  });
});
