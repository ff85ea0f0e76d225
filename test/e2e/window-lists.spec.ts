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

test('events are narrowed to a time, which is kept, exported and asked of the worker', async ({ start }) => {
  const started = await start({ scenario: 'filled', place: 'events' });
  const { page, open, calls, worker } = started;
  const time = page.getByRole('combobox', { name: 'Time' });
  await time.click();
  await page.getByRole('option', { name: 'Last hour' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('events in the last hour');
  // One each 61 s.
  const grid = page.getByRole('grid');
  const rows = Number(await grid.getAttribute('aria-rowcount')) - 1;
  expect(rows).toBeGreaterThan(56);
  expect(rows).toBeLessThan(62);
  const [asked] = (await calls('events:list')).slice(-1) as { since: string; until: string | null }[];
  expect(Date.now() - Date.parse(asked?.since ?? '')).toBeLessThan(3_720_000);
  const file = await answerSaveDialog(started, 'hour.json');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'As JSON' }).click();
  await expect(page.getByText(`${String(rows)} rows written to ${file}`)).toBeVisible();
  expect(JSON.parse(await readFile(file, 'utf8'))).toHaveLength(rows);
  // What is logged and lies outside does not belong here.
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  await worker('log', { ...sample, number: 5_000, time: new Date(Date.now() - 7_200_000).toISOString(), message: 'Long ago' });
  await worker('log', { ...sample, number: 5_001, time: new Date().toISOString(), message: 'Just now' });
  await expect(page.getByRole('row').nth(1)).toContainText('Just now');
  await expect(page.getByText('Long ago')).toHaveCount(0);
  await open('history');
  await page.reload();
  await open('events');
  await expect(time).toHaveText('Last hour');
  await page.getByRole('searchbox', { name: 'Search events' }).fill('no such words');
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(time).toHaveText('Any time');
});

test('a time from and to is typed, and said to be wrong where nothing can lie between', async ({ start }) => {
  const { page, calls } = await start({ scenario: 'filled', place: 'events' });
  await page.getByRole('combobox', { name: 'Time' }).click();
  await page.getByRole('option', { name: 'From and to' }).click();
  const ends = page.getByRole('group', { name: 'From and to' });
  await ends.getByLabel('From').fill('2020-01-01T08:30');
  await ends.getByLabel('To').fill('2020-01-01T07:00');
  await expect(page.getByText('This is not after the beginning: nothing lies between.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No such event was logged here');
  await ends.getByLabel('To').fill('');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    /^33 errors among 1,300 events since 1 Jan(uary)? 2020, 08:30:00$/,
  );
  const { since, until } = (await calls('events:list')).at(-1) as { since: string; until: string | null };
  expect([new Date(since).getTime(), until]).toEqual([new Date('2020-01-01T08:30').getTime(), null]);
});

test('an event that was chosen stays so while it is in the list, and is missed aloud when it is not', async ({ start }) => {
  const { page } = await start({ scenario: 'filled', place: 'events' });
  const details = page.getByRole('region', { name: 'The chosen event' });
  const search = page.getByRole('searchbox', { name: 'Search events' });
  const chosen = page.getByRole('row', { selected: true });
  await page.getByRole('row').nth(6).click();
  const message = await chosen.getByRole('gridcell').nth(3).innerText();
  await expect(details).toContainText(message);
  await search.fill(message.slice(0, 12));
  await expect(page.getByRole('grid')).not.toHaveAttribute('aria-rowcount', '1301');
  await expect(chosen).toHaveCount(1);
  await expect(chosen).toContainText(message);
  await expect(chosen).not.toHaveAttribute('aria-rowindex', '7');
  // Another order: it is far down, and brought into sight.
  await page.getByRole('columnheader', { name: 'Time' }).getByRole('button').click();
  await expect(page.getByRole('columnheader', { name: 'Time' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(chosen).toContainText(message);
  await expect(chosen).toBeInViewport();
  await search.fill('no such words');
  await expect(details).toContainText('It is not in the list: the search or a filter leaves it out.');
  await expect(details).toContainText(message);
  await expect(chosen).toHaveCount(0);
  await details.getByRole('button', { name: 'Clear search and filters' }).click();
  await expect(chosen).toContainText(message);
  await expect(details).not.toContainText('It is not in the list');
  await page.keyboard.press('Escape');
  await details.getByRole('button', { name: 'Close the details' }).click();
  await expect(details).toHaveCount(0);
  await expect(chosen).toHaveCount(0);
});

test('what cannot be copied is offered as a file: too many rows, and rows that are too long', async ({ start }) => {
  const started = await start({ scenario: 'large', place: 'events' });
  const { page, worker } = started;
  const file = await answerSaveDialog(started, 'all.csv');
  const grid = page.getByRole('grid');
  await grid.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('At most 2,000 rows can be copied at once. A file takes any number')).toBeVisible();
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  const message = `Too long ${'x'.repeat(2_100_000)}`;
  for (const number of [200_000, 200_001]) await worker('log', { ...sample, number, message });
  await page.getByRole('searchbox', { name: 'Search events' }).fill('Too long xxx');
  await expect(grid).toHaveAttribute('aria-rowcount', '3');
  await grid.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('These rows are too long for the clipboard. A file takes any length')).toBeVisible();
  await page.getByRole('button', { name: 'Export the list as CSV' }).click();
  await expect(page.getByText(`2 rows written to ${file}`)).toBeVisible();
  expect((await readFile(file, 'utf8')).length).toBeGreaterThan(4_200_000);
});

test('a list is paused with a press, before anybody scrolls', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'events' });
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  await page.getByRole('button', { name: 'Pause this list' }).click();
  await worker('log', { ...sample, number: 5_000, message: 'New 5000' });
  await expect(page.getByRole('button', { name: /^Standing still; 1 newer row/ })).toBeVisible();
  await expect(page.getByText('New 5000')).toHaveCount(0);
  await page.getByRole('button', { name: /Show the newest/ }).click();
  await expect(page.getByRole('row').nth(1)).toContainText('New 5000');
  await expect(page.getByRole('button', { name: 'Pause this list' })).toBeVisible();
});
