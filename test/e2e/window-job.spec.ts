/** A job's page: all that is known of it, saved, tried again, with what the worker noted. The engine is a fake, all else is real. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@playwright/test';
import { ago, sampleId, sampleJob } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';

test('a job is saved as text and as JSON, and the page says where', async ({ start }) => {
  const { page, app, dataFolder } = await start({ scenario: 'filled', place: `jobs/${sampleId(1)}` });
  const save = async (name: string, as: string): Promise<string> => {
    const file = path.join(dataFolder, name);
    await app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, file);
    await page.getByRole('button', { name: 'Save as…' }).click();
    await page.getByRole('menuitem', { name: as }).click();
    await expect(page.getByText(`19 records saved in ${file}`)).toBeVisible();
    return await readFile(file, 'utf8');
  };
  expect(await save('job.txt', 'As text, for people')).toContain('Warning      The network was slow for 3 s');
  expect(JSON.parse(await save('job.json', 'As JSON, for programs'))).toMatchObject({ job: { runbookName: 'Copy-LocalFiles' } });
  await page.getByRole('button', { name: 'Hide this' }).click();
  await expect(page.getByText(/records saved in/)).toHaveCount(0);
});

test('attempts at the same job stand together, and lead to one another', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled' });
  const jobId = sampleId(777);
  const attempts = [
    sampleJob(701, {
      jobId,
      phase: 'ended',
      outcome: 'interrupted',
      outcomeReason: 'the machine was restarted',
      pickedUpAt: ago(900),
      endedAt: ago(800),
    }),
    sampleJob(702, { jobId, attempt: 2, pickedUpAt: ago(700) }),
  ];
  for (const attempt of attempts) await worker('startJob', attempt);
  await page.evaluate((id) => (location.hash = `#/jobs/${id}`), sampleId(702));
  await page.getByRole('tab', { name: 'Attempts' }).click();
  const table = page.getByRole('table', { name: 'Attempts here' });
  await expect(table.getByRole('row').nth(1)).toContainText('the machine was restarted');
  await expect(table.getByRole('row').nth(2)).toContainText('Attempt 2, this one');
  await table.getByRole('link', { name: 'Attempt 1' }).click();
  await expect(page.getByTestId('job-badge')).toContainText('Interrupted');
});

test('a suspended workflow is resumed from its page, after a question', async ({ start }) => {
  const { page, worker, calls } = await start({ scenario: 'filled' });
  const suspended = sampleJob(711, { phase: 'ended', outcome: 'suspended', pickedUpAt: ago(900), endedAt: ago(800) });
  await worker('startJob', suspended);
  await page.evaluate((id) => (location.hash = `#/jobs/${id}`), sampleId(711));
  await page.getByRole('button', { name: 'Resume job' }).click();
  const question = page.getByRole('alertdialog');
  await question.getByRole('button', { name: 'Leave it suspended' }).click();
  await expect(question).toHaveCount(0);
  expect(await calls('jobs:resume')).toEqual([]);
  await page.getByRole('button', { name: 'Resume job' }).click();
  await question.getByRole('button', { name: 'Resume job' }).click();
  await expect(page.getByRole('button', { name: 'Resumed' })).toBeDisabled();
  expect(await calls('jobs:resume')).toEqual([{ sandboxId: sampleId(711) }]);
});

test('gaps and notes are marked, and times can be left out', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled' });
  const record = (seq: number, text: string) => ({ seq, time: ago(20), stream: 'Output' as const, text });
  const note = { time: ago(10), text: '12 Verbose records were left out', after: 1 };
  await worker('keep', sampleId(801), [record(0, 'before it'), record(13, 'after it')], [note]);
  await worker('startJob', sampleJob(801, { phase: 'ended', outcome: 'completed', endedAt: ago(1), recordCount: 2 }));
  await page.evaluate((id) => (location.hash = `#/jobs/${id}`), sampleId(801));
  await expect(page.getByTestId('gap')).toHaveText('12 records are missing here');
  await page.getByText('1 note of the worker about these records').click();
  await expect(page.getByRole('list', { name: 'Notes of the worker' })).toContainText('after record 112 Verbose records');
  const records = page.getByTestId('records');
  await expect(records.locator('time')).toHaveCount(2);
  await page.getByRole('button', { name: 'Show times' }).click();
  await expect(records.locator('time')).toHaveCount(0);
  await expect(records).toContainText('after it');
});
