/** What every long list can do: search, filters that are kept, order, standing still, copying, export. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@playwright/test';
import { sampleEvents } from '../fakes/window/samples.ts';
import { test, type FakeApp } from './support/fake-app.ts';

/** The operating system's dialog stands outside of the page: here it answers at once. */
async function answerSaveDialog({ app, dataFolder }: FakeApp, name: string): Promise<string> {
  const file = path.join(dataFolder, name);
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, file);
  return file;
}

test('a list is searched, and says what to do when nothing fits', async ({ start }) => {
  const { page } = await start({ scenario: 'filled', place: 'history' });
  await page.getByRole('searchbox', { name: 'Search jobs' }).fill('sqldata');
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '23');
  await expect(page.getByRole('row').nth(1)).toContainText('Backup-SqlDatabases');
  await page.getByRole('searchbox', { name: 'Search jobs' }).fill('no such runbook');
  await expect(page.getByText('No job fits the search and the filters')).toBeVisible();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '155');
  await expect(page.getByRole('searchbox', { name: 'Search jobs' })).toHaveValue('');
});

test('filters and order are found again, also in another window', async ({ start }) => {
  const { page, open } = await start({ scenario: 'filled', place: 'events' });
  await page.getByRole('button', { name: /^Information/ }).click();
  await page.getByRole('columnheader', { name: 'ID' }).getByRole('button').click();
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '34');
  await open('history');
  await page.reload();
  await open('events');
  await expect(page.getByRole('button', { name: 'Information off' })).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByRole('columnheader', { name: 'ID' })).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '34');
});

test('a list stands still while somebody looks at older rows, and goes along again', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'events' });
  await page.getByRole('row').nth(3).click();
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  for (const number of [5_000, 5_001]) await worker('log', { ...sample, number, message: `New ${String(number)}` });
  await page.getByRole('button', { name: 'Standing still; 2 newer rows not shown. Show the newest' }).click();
  await expect(page.getByRole('row').nth(1)).toContainText('New 5001');
  await expect(page.getByRole('button', { name: /Standing still/ })).toHaveCount(0);
});

test('one press leads from far down back to the newest rows, and the list goes along from there', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'events' });
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  const grid = page.getByRole('grid');
  await grid.evaluate((element) => element.scrollTo({ top: 36 * 300 }));
  const standing = page.getByRole('button', { name: /^Standing still/ });
  await expect(standing).toBeVisible();
  await worker('log', { ...sample, number: 5_000, message: 'New 5000' });
  await expect(standing).toContainText('1 newer row not shown');
  // Standing still is no reason to leave the place.
  expect(await grid.evaluate((element) => element.scrollTop)).toBe(36 * 300);
  await standing.click();
  await expect(page.getByRole('row').nth(1)).toContainText('New 5000');
  await worker('log', { ...sample, number: 5_001, message: 'New 5001' });
  await expect(page.getByRole('row').nth(1)).toContainText('New 5001');
  await expect(standing).toHaveCount(0);
});

test('rows are chosen with the keys and copied', async ({ start }) => {
  const { page, app } = await start({ scenario: 'filled', place: 'history' });
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByRole('row', { selected: true })).toHaveCount(3);
  await page.keyboard.press('Control+c');
  await expect(page.getByText('3 rows copied')).toBeVisible();
  const text = await app.evaluate(({ clipboard }) => clipboard.readText());
  expect(text.split('\n').map((line) => line.split('\t')[0])).toEqual(['Copy-LocalFiles', 'Rotate-Logs', 'Test-Certificates']);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Test-Certificates');
});

test('everything that fits is exported, not only what is in sight', async ({ start }) => {
  const started = await start({ scenario: 'filled', place: 'events' });
  const { page } = started;
  const file = await answerSaveDialog(started, 'events.csv');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'As CSV' }).click();
  await expect(page.getByText(`1,300 rows written to ${file}`)).toBeVisible();
  expect((await readFile(file, 'utf8')).split('\r\n')).toHaveLength(1_302);
});

test('a list that is read further down in any order keeps all of its rows', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'events' });
  const grid = page.getByRole('grid');
  await page.getByRole('columnheader', { name: 'Time' }).getByRole('button').click();
  await expect(page.getByRole('columnheader', { name: 'Time' })).toHaveAttribute('aria-sort', 'ascending');
  await grid.evaluate((element) => element.scrollTo({ top: 36 * 250 }));
  await expect(page.getByRole('button', { name: /Standing still/ })).toBeVisible();
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  await worker('log', { ...sample, number: 5_000, message: 'New 5000' });
  await grid.evaluate((element) => element.scrollTo({ top: 36 * 900 }));
  // A page that was read while it stood still has come.
  await expect(page.getByRole('row').filter({ hasText: /./ }).nth(15)).toContainText(/\d/);
  await expect(grid).toHaveAttribute('aria-rowcount', '1301');
  await page.getByRole('button', { name: /Standing still; 1 newer row / }).click();
  await expect(page.getByRole('button', { name: /Standing still/ })).toHaveCount(0);
  await expect(grid).toHaveAttribute('aria-rowcount', '1302');
  expect(await grid.evaluate((element) => element.scrollTop)).toBe(0);
});

test('the way back to the newest rows takes one press', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'events' });
  const grid = page.getByRole('grid');
  await grid.evaluate((element) => element.scrollTo({ top: 36 * 300 }));
  await expect(page.getByRole('button', { name: /Standing still/ })).toBeVisible();
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  await worker('log', { ...sample, number: 5_000, message: 'New 5000' });
  // Standing still is no reason to leave the place.
  expect(await grid.evaluate((element) => element.scrollTop)).toBe(36 * 300);
  await page.getByRole('button', { name: /Show the newest/ }).click();
  await expect(page.getByRole('row').nth(1)).toContainText('New 5000');
  await expect(page.getByRole('button', { name: /Standing still/ })).toHaveCount(0);
});
