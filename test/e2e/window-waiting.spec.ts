/** Why jobs of the group wait, and a test job on this worker. The engine is a fake, all else is real. */
import { expect } from '@playwright/test';
import { describeProblem } from '../../src-contract/problems.ts';
import { ago, sampleId } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';

test('the overview says which jobs of the group wait, and why', async ({ start }) => {
  const { page, open } = await start({ scenario: 'filled' });
  const list = page.getByRole('list', { name: 'Waiting for this group' });
  await expect(list).toContainText('It waits: no worker of group datacenter-east can run Windows batch.');
  await expect(page.getByText('and 5 more: why each of them waits')).toBeVisible();
  await open('settings');
  await open('overview');
  await expect(list.getByRole('listitem')).toHaveCount(2);
});

test('a test job shows what it wrote and how it ended, right there', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'group' });
  await page.getByRole('button', { name: 'Run a test job' }).click();
  await expect(page.getByTestId('job-badge')).toContainText('Running');
  await expect(page.getByRole('button', { name: 'Test job is running' })).toBeDisabled();
  await worker('write', sampleId(990), [{ time: ago(0), stream: 'Output', text: 'This worker runs jobs.' }]);
  await expect(page.getByRole('group', { name: 'What the test job wrote' })).toHaveText('This worker runs jobs.');
  await worker('changeJob', sampleId(990), { phase: 'ended', outcome: 'completed', endedAt: ago(0) });
  await expect(page.getByTestId('job-badge')).toContainText('Completed');
  await page.getByRole('link', { name: 'Open job' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Test-HybridWorker');
});

test('a refused test job says why', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', place: 'group' });
  const problem = describeProblem('test-job-impossible', { runbook: 'Test-HybridWorker', kind: 'PowerShell' });
  await worker('set', { refusals: { 'jobs:test': problem } });
  await page.getByRole('button', { name: 'Run a test job' }).click();
  await expect(page.getByRole('alert', { name: problem.title })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run a test job' })).toBeEnabled();
});
