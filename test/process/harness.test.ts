/** Who guards the guard: the harness is run on tests that leave things behind. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/temp-folder.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

interface Report {
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

async function runLeakingTests(): Promise<Report> {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = path.join(root, 'test', 'fixtures', 'leaks', 'vitest.config.ts');
  const report = path.join(await tempFolder(), 'report.json');
  const args = [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(await readFile(report, 'utf8')) as Report;
}

test('a test that leaves a timer, a listener, a file or a process behind fails, and is told which', async () => {
  const { testResults } = await runLeakingTests();
  const [leaking, clean] = testResults.flatMap((file) => file.assertionResults);

  expect(leaking).toMatchObject({ title: 'leaves everything behind', status: 'failed' });
  const message = leaking?.failureMessages.join('\n') ?? '';
  expect(message).toContain('1 × TCPServerWrap');
  expect(message).toMatch(/a timer set near .*everything\.leaks\.ts/);
  expect(message).toMatch(/process \d+/);
  expect(message).toContain('forgotten.txt in the temporary folder');
  expect(clean).toMatchObject({ title: 'leaves nothing behind', status: 'passed' });
});
