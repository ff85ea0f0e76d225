/** Folders of sandboxes that cannot be removed as they are. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { Launcher } from '../../src-main/launcher/launcher.ts';
import { removeSandboxFolder } from '../../src-main/launcher/sandbox-folders.ts';
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
  verified: true,
  uploadTrouble: null,
};

function startLauncher(folder: string) {
  const told = { ends: 0, faults: [] as string[], removed: [] as string[] };
  const launcher = new Launcher({
    sandboxesFolder: path.join(folder, 'sandboxes'),
    journalsFolder: path.join(folder, 'journals'),
    executable: { file: process.execPath, leading: [] },
    environment: {},
    now: () => new Date(),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
    retryDelayMs: () => 10,
    connectService: () => Promise.resolve(undefined),
    listener: {
      countChanged: () => undefined,
      changed: () => undefined,
      adopted: () => undefined,
      notStarted: () => undefined,
      gone: () => undefined,
      crashed: () => undefined,
      ended: () => Promise.resolve(void (told.ends += 1)),
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
    expect(first.told).toEqual({ ends: 1, faults: ['remove the folder of sandbox s1'], removed: [] });
    await waitFor('its slot', 5, () => first.launcher.list().length === 0 || undefined);
    await first.launcher.close();
    expect(existsSync(sandbox)).toBe(true);
    const second = startLauncher(folder);
    await second.launcher.adoptAll();
    expect(second.told).toEqual({ ends: 0, faults: ['remove the folder of sandbox s1'], removed: [] });
    expect(second.launcher.runningCount).toBe(0);
  });
});
