/** What a sandbox says of itself, on a disk that does not take it at once. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { reportWithoutJob, sandboxContractVersion } from '../../src-contract/sandbox.ts';
import { identifyThisProcess } from '../../src-main/platform/process-identity.ts';
import { StateKeeper } from '../../src-main/sandbox/state-keeper.ts';
import { until } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

it('a state that could not be written is written as soon as it can be', async () => {
  const folder = path.join(await tempFolder(), 'later');
  const troubles: unknown[] = [];
  const file = path.join(folder, 'state.json');
  const keeper = new StateKeeper({
    file,
    now: () => new Date(),
    initial: {
      ...reportWithoutJob,
      contractVersion: sandboxContractVersion,
      sandboxId: 's1',
      process: identifyThisProcess(),
      controlAddress: '',
      phase: 'starting',
      since: new Date().toISOString(),
    },
    onTroubleWriting: (error) => troubles.push(error),
  });
  onTestFinished(() => keeper.close());
  keeper.change({ phase: 'running', jobId: 'the-job' });
  await until('the trouble', () => troubles.length > 0);
  await mkdir(folder);
  // Nothing else changes meanwhile.
  await until('the file', () => existsSync(file));
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ phase: 'running', jobId: 'the-job' });
});
