/**
 * Runs in every test file before it: gives it a temporary folder of its own, and fails each test that leaves something
 * behind. A file whose tests share something that lives on its own (a service started in `beforeAll`, with timers and sockets
 * that come and go) calls `leftoversAreCheckedAtTheEnd()` from ./shared-fixture.ts; then the file as a whole is checked.
 */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Baseline, expectNothingLeft, takeBaseline } from './leftovers.ts';
import { enterTest, leaveTest } from './scope.ts';
import { checksEachTest } from './shared-fixture.ts';
import { removeFoldersOfTheFile } from './temp-folder.ts';
import { followTimers } from './timers.ts';

const base = process.env['HRW_TEST_TEMP'] ?? tmpdir();
mkdirSync(base, { recursive: true });
const folder = realpathSync(mkdtempSync(path.join(base, 'test-')));
// PostgreSQL runs as another user than root and has its data below this folder.
chmodSync(folder, 0o755);
process.env['TMPDIR'] = folder;
followTimers();

let beforeTheFile: Baseline | undefined;

beforeAll(() => {
  beforeTheFile = takeBaseline(folder);
});

beforeEach((context) => {
  const baseline = takeBaseline(folder);
  enterTest();
  // Registered before any of the test's own, and therefore run after all of them.
  context.onTestFinished(async () => {
    leaveTest();
    if (checksEachTest()) await expectNothingLeft(folder, baseline);
  });
});

afterAll(async () => {
  await removeFoldersOfTheFile();
  try {
    if (beforeTheFile !== undefined) await expectNothingLeft(folder, beforeTheFile);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
