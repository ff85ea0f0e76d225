/** A runbook that waits for a person: told wherever somebody may look, shown whole, answered. */
import { expect } from '@playwright/test';
import { sampleId } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';

const place = `jobs/${sampleId(7)}`;

test('is told by a notification that shows what would run, and by the tray and the overview', async ({ start }) => {
  const { page, app, worker, notices, trayLabels } = await start({ scenario: 'asking' });
  await expect.poll(notices).toEqual(['May Clear-OldProfiles run here?']);
  const body = await app.evaluate(() => {
    const { testHandles } = globalThis as unknown as { testHandles: { notices: { body: string }[] } };
    return testHandles.notices[0]?.body ?? '';
  });
  expect(body).toContain('param([string] $Source, [int] $OlderThanDays = 90)');
  expect(body).toContain(`SHA-256 ${'5f'.repeat(32)}`);
  await expect.poll(trayLabels).toContain('Clear-OldProfiles waits for your permission');
  await expect(page.getByRole('group', { name: 'Clear-OldProfiles waits for permission to run here' })).toBeVisible();
  // The same question is told once.
  await worker('changeJob', sampleId(7), { startedBy: 'somebody else' });
  await expect.poll(notices).toHaveLength(1);
  await page.getByRole('button', { name: 'Open job' }).first().click();
  await expect(page.getByRole('heading', { name: 'May Clear-OldProfiles run here?' })).toBeVisible();
});

test('shows all of it, also what no eye would see, and runs it when it is allowed', async ({ start }) => {
  const { page, calls } = await start({ scenario: 'asking', place });
  await expect(page.getByTestId('job-badge')).toHaveText('Waits for permission');
  const script = page.getByRole('group', { name: 'The script' });
  await expect(script).toContainText('Remove-Item $_ -Recurse -Force');
  await expect(script).toContainText('# \\u202eonly looks');
  await expect(page.getByText('It holds characters that no eye would see.')).toBeVisible();
  await expect(page.getByText(/Refused by itself in 0:0[34]:/)).toBeVisible();
  await page.getByRole('button', { name: 'Let it run' }).click();
  await expect(page.getByRole('tab', { name: /^Records/ })).toBeVisible();
  expect(await calls('policy:answer')).toEqual([{ sandboxId: sampleId(7), sha256: '5f'.repeat(32), allow: true }]);
});

test('ends it when it is refused, and says by which rule', async ({ start }) => {
  const { page, calls } = await start({ scenario: 'asking', place });
  await page.getByRole('button', { name: 'Refuse it' }).click();
  await expect(page.getByTestId('job-badge')).toHaveText('Failed');
  await expect(page.getByText('Ask me first')).toBeVisible();
  expect(await calls('policy:answer')).toEqual([{ sandboxId: sampleId(7), sha256: '5f'.repeat(32), allow: false }]);
});
