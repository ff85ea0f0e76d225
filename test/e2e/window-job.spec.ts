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
  await expect(page.getByTestId('gap')).toHaveText('12 records are missing here: sequence 1 to 12');
  await page.getByText('1 note of the worker about these records').click();
  await expect(page.getByRole('list', { name: 'Notes of the worker' })).toContainText('after 1 record12 Verbose records');
  const records = page.getByTestId('records');
  await expect(records.locator('time')).toHaveCount(2);
  await page.getByRole('button', { name: 'Show times' }).click();
  await expect(records.locator('time')).toHaveCount(0);
  await expect(records).toContainText('after it');
});

test('records are chosen with the keys or a press, and copied as text', async ({ start }) => {
  const { page, app, worker } = await start({ scenario: 'filled', place: `jobs/${sampleId(1)}` });
  const copied = () => app.evaluate(({ clipboard }) => clipboard.readText());
  const records = page.getByTestId('records');
  const chosen = records.getByRole('option', { selected: true });
  await worker('write', sampleId(1), [
    { time: '2026-11-28T14:02:07.412Z', stream: 'Error', text: 'It broke\nat line 3' },
    { time: '2026-11-28T14:02:08.000Z', stream: 'Output', text: '\u001b[31mred\u001b[0m' },
  ]);
  await expect(page.getByText('Following', { exact: true })).toBeVisible();
  await records.getByText('It broke').click();
  await expect(chosen).toHaveCount(1);
  // Whoever chooses wants it to stay where it is.
  await expect(page.getByText('Not following')).toBeVisible();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(chosen).toHaveCount(2);
  await page.keyboard.press('Control+c');
  await expect(page.getByText('2 entries copied')).toBeVisible();
  expect(await copied()).toBe(
    `2026-11-28T14:02:07.412Z  Error        It broke\n${' '.repeat(39)}at line 3\n2026-11-28T14:02:08.000Z  Output       ␛[31mred␛[0m`,
  );
  await page.getByRole('button', { name: 'Show times' }).click();
  await page.getByRole('button', { name: 'Copy 2 entries' }).click();
  await expect.poll(copied).toMatch(/^Error {8}It broke\n/);
  await page.keyboard.press('Escape');
  await records.focus();
  await page.keyboard.press('Escape');
  await expect(chosen).toHaveCount(0);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  // What is switched off is not copied.
  await expect(page.getByText('20 entries copied')).toBeVisible();
  await page.keyboard.press('Home');
  await expect(chosen).toHaveCount(1);
  await expect(chosen).toHaveAttribute('aria-posinset', '1');
});

test('text that was marked with the mouse is copied as it was marked', async ({ start }) => {
  const { page, app } = await start({ scenario: 'filled', place: `jobs/${sampleId(1)}` });
  const records = page.getByTestId('records');
  await records.getByText('The folder 2026-11 exists already').dblclick({ position: { x: 4, y: 10 } });
  await page.keyboard.press('Control+c');
  await expect.poll(() => app.evaluate(({ clipboard }) => clipboard.readText())).toMatch(/^The ?$/);
});

test('more records than can be copied are offered as a file', async ({ start }) => {
  const { page, app, dataFolder } = await start({ scenario: 'large', place: `jobs/${sampleId(1)}` });
  const file = path.join(dataFolder, 'all.txt');
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, file);
  const records = page.getByTestId('records');
  await expect(records).toContainText('0099999', { timeout: 60_000 });
  await records.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('At most 2,000 entries can be copied at once. A file takes any number')).toBeVisible();
  await page.getByRole('button', { name: 'Save all records as text' }).click();
  await expect(page.getByText(`100,000 records saved in ${file}`)).toBeVisible({ timeout: 60_000 });
});

test('why there is no record is true in each state', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled' });
  const look = async (number: number, change: Parameters<typeof sampleJob>[1]): Promise<void> => {
    await worker('startJob', sampleJob(number, change));
    await page.evaluate((id) => (location.hash = `#/jobs/${id}`), sampleId(number));
  };
  const panel = page.getByRole('tabpanel');
  await look(811, { recordCount: 0, acknowledgedCount: 0 });
  await expect(panel).toContainText('The job has written nothing yet');
  await look(812, { phase: 'ended', outcome: 'completed', endedAt: ago(1), recordCount: 0, acknowledgedCount: 0 });
  await expect(panel).toContainText('The job wrote nothing');
  // The journal is gone, and the job says how many there were.
  await look(813, { phase: 'ended', outcome: 'completed', endedAt: ago(1), recordCount: 111, acknowledgedCount: 111 });
  await expect(panel).toContainText('Its 111 records are not here any more');
  await expect(panel).toContainText('The service has 111 of them');
  await expect(panel).not.toContainText('wrote nothing');
  await look(814, { recordCount: 3, acknowledgedCount: 0 });
  await expect(panel).toContainText('3 records were written');
  await worker('write', sampleId(814), [{ time: ago(0), stream: 'Output', text: 'there' }]);
  await expect(page.getByTestId('records')).toContainText('there');
});
