/** What runs here: what it uses, its live console, and how it is stopped. The engine is a fake, all else is real. */
import { expect } from '@playwright/test';
import { ago, sampleId } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';

const job = `jobs/${sampleId(1)}`;

test.describe('running sandboxes', () => {
  test('show what each uses, and how far its records are behind', async ({ start }) => {
    const { page, worker, calls } = await start({ scenario: 'filled', place: 'running', size: { width: 1400, height: 800 } });
    const row = page.getByRole('row').filter({ hasText: 'Copy-LocalFiles' });
    await expect(row.getByRole('img', { name: /^Processor \d+ % now, at most \d+ % in the last 10 minutes$/ })).toBeVisible();
    await expect(row.getByRole('img', { name: /^Memory 1\d\d MB now/ })).toBeVisible();
    await expect(row.getByTitle(/^Records wait to be sent for \d+ s$/)).toHaveText('19, 2 wait');
    await expect(row.getByTitle('Orchestrator.Sandbox 7412, runtime 7488')).toBeVisible();
    await worker('changeJob', sampleId(1), { acknowledgedCount: 19, oldestWaitingAt: null });
    await expect(row.getByTitle('The service has every record')).toHaveText('19');
    await expect.poll(async () => (await calls('jobs:usage')).length).toBeGreaterThan(1);
    expect((await calls('jobs:usage'))[0]).toEqual({ sandboxId: null, since: null });
    // The whole of it is not asked for again.
    await expect.poll(async () => (await calls('jobs:usage')).at(-1)).toEqual({ sandboxId: null, since: expect.any(String) });
  });

  test('show runtime, process and what waits to be sent at the width of a new window', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'running' });
    const row = page.getByRole('row').filter({ hasText: 'Copy-LocalFiles' });
    await expect(row.getByText('PowerShell 7.6.5')).toBeVisible();
    await expect(row.getByText('Process 7412')).toBeVisible();
    await expect(row.getByText('19, 2 wait')).toBeVisible();
    await expect(page.getByRole('columnheader', { name: 'Last record' })).toBeVisible();
  });

  test('are asked for nothing when nothing runs', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'empty', place: 'running' });
    await expect(page.getByText('Jobs come once this machine is in a worker group.')).toBeVisible();
    expect(await calls('jobs:usage')).toEqual([]);
  });

  test('fit the window at every width, and can be stopped from their row', async ({ start }) => {
    const { page, app, calls } = await start({ scenario: 'filled', place: 'running', size: { width: 1240, height: 760 } });
    const table = page.getByRole('table', { name: 'Running' });
    for (const width of [1400, 1240, 1100, 900]) {
      await app.evaluate(({ BrowserWindow }, wide) => BrowserWindow.getAllWindows()[0]?.setContentSize(wide, 700), width);
      await expect
        .poll(() => table.evaluate((element) => element.scrollWidth - element.clientWidth), { message: `${width} wide` })
        .toBe(0);
    }
    await page.getByRole('button', { name: 'Stop Rotate-Logs?' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop job' }).click();
    await expect(page.getByRole('button', { name: 'Stop Rotate-Logs?' })).toBeDisabled();
    expect(await calls('jobs:stop')).toEqual([{ sandboxId: sampleId(2) }]);
  });
});

test.describe('stopping a job', () => {
  test('shows asking, waiting and ending as they come', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: job });
    await page.getByRole('button', { name: 'Stop job' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop job' }).click();
    const stage = (name: string) => page.getByTestId('stop-stages').locator(`[data-stage="${name}"]`);
    await expect(stage('ask')).toHaveAttribute('data-status', 'started');
    const begun = {
      reason: 'Stopped by a person at this machine.',
      deadline: new Date(Date.now() + 60_000).toISOString(),
      left: null,
    };
    const ask = { step: 'ask-runbook', at: ago(0), processes: 3 } as const;
    await worker('changeJob', sampleId(1), { stop: { ...begun, steps: [ask] } });
    await expect(stage('wait')).toContainText(/up to \d+ s more/);
    await expect(stage('end')).toHaveAttribute('data-status', 'later');
    const steps = [ask, { step: 'ask-processes', at: ago(0), processes: 2 }, { step: 'end', at: ago(0), processes: 1 }] as const;
    await worker('changeJob', sampleId(1), { stop: { ...begun, steps: [...steps] } });
    await expect(stage('end')).toContainText('1 process is being ended');
    await worker('changeJob', sampleId(1), {
      phase: 'ended',
      outcome: 'stopped',
      endedAt: ago(0),
      stop: { ...begun, steps: [...steps], left: 0 },
    });
    await expect(stage('end')).toContainText('1 process was ended');
    await expect(page.getByTestId('job-badge')).toContainText('Stopped');
  });
});

test.describe('the live console', () => {
  test('shows what is printed as it comes, with its colours, and stays when the job ends', async ({ start }) => {
    const { page, app, worker } = await start({ scenario: 'filled', place: job });
    const blocked: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') blocked.push(message.text());
    });
    await page.getByRole('tab', { name: 'Console' }).click();
    const console = page.getByTestId('console');
    await expect(console).toContainText('212 of 512');
    const colourOf = (text: string) =>
      console
        .locator('span', { hasText: text })
        .last()
        .evaluate((element) => getComputedStyle(element).color);
    // Of 24 bits, which are set as a style of their own; and one of the sixteen, which are rules.
    expect(await colourOf('2026-11-05.csv is open in another program')).toBe('rgb(230, 120, 90)');
    expect(await colourOf('Copying to /mnt/files-02/archive')).not.toBe(await colourOf('212 of 512'));
    await worker('print', sampleId(1), '\r[#####] 300 of 512\r\nnext line');
    await expect(console).toContainText('300 of 512');
    await expect(console).toContainText('next line');
    await page.getByRole('button', { name: 'Copy all' }).click();
    await expect
      .poll(() => app.evaluate(({ clipboard }) => clipboard.readText()))
      .toMatch(/^Copying to \/mnt\/files-02\/archive\n.*\nnext line\n$/s);
    await worker('changeJob', sampleId(1), { phase: 'ended', outcome: 'completed', endedAt: ago(0) });
    await expect(page.getByText('The job has ended: this is the last that its console showed.')).toBeVisible();
    await expect(console).toContainText('next line');
    expect(blocked).toEqual([]);
    await page.getByRole('tab', { name: /^Records/ }).click();
    await expect(page.getByRole('tab', { name: 'Console' })).toHaveCount(0);
  });

  test('is scrolled by keys, and lets the focus go on', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: job });
    await worker('print', sampleId(1), Array.from({ length: 200 }, (_unused, index) => `\r\nline ${index}`).join(''));
    await page.getByRole('tab', { name: 'Console' }).click();
    const console = page.getByTestId('console');
    await expect(console).toContainText('line 199');
    await console.focus();
    await page.keyboard.press('Home');
    await expect(console).toContainText('Copying to /mnt/files-02/archive');
    await page.keyboard.press('End');
    await expect(console).toContainText('line 199');
    await console.click({ position: { x: 200, y: 100 } });
    await page.keyboard.press('Home');
    await expect(console).toContainText('Copying to /mnt/files-02/archive');
    for (let press = 0; press < 3; press += 1) await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('[data-testid="console"]') === null)).toBe(true);
  });

  test('is not offered for a job without one', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: `jobs/${sampleId(2)}` });
    await expect(page.getByRole('tab', { name: /^Records/ })).toBeVisible();
    await expect(page.getByRole('tab', { name: 'Console' })).toHaveCount(0);
  });
});
