/** A window on a worker that runs elsewhere: it comes and goes, and it lets this person do what their key admits to. */
import { expect, type Page } from '@playwright/test';
import type { EngineCallName, Role } from '../../src-contract/engine-calls.ts';
import { sampleId } from '../fakes/window/samples.ts';
import { test, type FakeApp } from './support/fake-app.ts';

const heading = (page: Page) => page.getByRole('heading', { level: 1 });

test('a worker that ends is waited for, and shown as it is when it is back', async ({ start }) => {
  const { page, engine, trayLabels } = await start({ scenario: 'filled' });
  await engine?.end();
  await expect(page.getByRole('alert', { name: 'No worker runs for this data folder' })).toBeVisible();
  // What was known stays readable.
  await expect(page.getByRole('link', { name: 'Copy-LocalFiles' }).first()).toBeVisible();
  engine?.worker.change({ status: 'paused', sentence: 'This worker is paused' });
  await engine?.begin();
  await expect(heading(page)).toHaveText('This worker is paused', { timeout: 15_000 });
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect.poll(trayLabels).toContain('Resume taking jobs');
  await page.getByRole('button', { name: 'Resume taking jobs' }).click();
  await expect(heading(page)).toHaveText('This worker can take a job now');
});

test('of a worker that is gone every page says the same, and offers only what can be done', async ({ start }) => {
  const { page, engine, open, trayLabels, calls } = await start({ scenario: 'filled' });
  const title = 'No worker runs for this data folder';
  const off = async (name: string | RegExp): Promise<void> => {
    const button = page.getByRole('button', { name }).first();
    await expect(button, String(name)).toHaveAttribute('aria-disabled', 'true');
    await expect(button, String(name)).toHaveAccessibleDescription(`${title}: nobody is there to do this.`);
  };
  await engine?.end();
  await expect(heading(page)).toHaveText(title);
  await expect(page.getByText(/^Connected to/)).toHaveCount(0);
  await expect(page.getByText('Running when the worker was last heard')).toBeVisible();
  await expect(page.getByText('2 of 4 slots')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Running', exact: true })).toBeVisible();
  await off('Pause taking jobs');
  await open('running');
  await expect(heading(page)).toHaveText('What runs here is not known');
  await off(/^Stop Rotate-Logs/);
  await open('connection');
  await expect(heading(page)).toHaveText(title);
  await off('Change connection');
  await open('group');
  await off('Leave the group');
  await open('history');
  // Once: the card above says it.
  await expect(page.getByText(title, { exact: true })).toHaveCount(2);
  await expect(page.getByText('No worker is there to be asked for this.')).toBeVisible();
  await expect.poll(trayLabels).toContain('Quit');
  expect(await trayLabels()).toContain('Start the worker here');
  // Somebody else started it meanwhile: the press finds that one.
  await engine?.begin();
  await page.getByRole('button', { name: 'Start the worker here' }).click();
  await expect(page.getByRole('grid', { name: 'History' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(await calls('worker:quit')).toEqual([]);
});

test('an application that was there before its worker finds it without being asked', async ({ start }) => {
  const { page, engine, trayLabels } = await start({ scenario: 'filled', late: true });
  await expect(heading(page)).toHaveText('The worker does not answer');
  await expect(page.getByRole('alert', { name: 'Another worker owns this data folder' })).toBeVisible();
  await engine?.begin();
  await expect(heading(page)).toHaveText('This worker can take a job now', { timeout: 15_000 });
  await expect.poll(trayLabels).toContain('Pause taking jobs');
});

test('a job that ends while the worker is out of reach runs nowhere afterwards', async ({ start }) => {
  const { page, engine, trayLabels } = await start({ scenario: 'filled' });
  await expect.poll(trayLabels).toContain('Rotate-Logs');
  await engine?.end();
  await expect.poll(trayLabels).toContain('No worker runs for this data folder');
  engine?.worker.changeJob(sampleId(2), { phase: 'ended', outcome: 'completed' });
  await engine?.begin();
  await expect.poll(trayLabels, { timeout: 15_000 }).toContain('This worker can take a job now');
  expect(await trayLabels()).not.toContain('Rotate-Logs');
  await expect(page.getByRole('link', { name: 'Running 1 job running' })).toBeVisible();
});

/** Whatever a lesser role has no business with: the call, and what is asked of it. */
const refused: { name: EngineCallName; given: object; needs: Role }[] = [
  { name: 'worker:pause', given: {}, needs: 'operator' },
  { name: 'worker:resume', given: {}, needs: 'operator' },
  { name: 'worker:drain', given: {}, needs: 'operator' },
  { name: 'jobs:stop', given: { sandboxId: sampleId(1) }, needs: 'operator' },
  { name: 'jobs:resume', given: { sandboxId: sampleId(1) }, needs: 'operator' },
  { name: 'jobs:test', given: {}, needs: 'operator' },
  { name: 'diagnostics:run', given: {}, needs: 'operator' },
  { name: 'policy:question', given: { sandboxId: sampleId(7) }, needs: 'operator' },
  { name: 'worker:quit', given: {}, needs: 'administrator' },
  {
    name: 'connection:connect',
    given: {
      workspaceId: 'w',
      workspaceKey: 'k',
      serviceUrl: 'https://service.example',
      trust: { kind: 'system' },
      proxy: { kind: 'none' },
    },
    needs: 'administrator',
  },
  { name: 'connection:disconnect', given: {}, needs: 'administrator' },
  { name: 'registration:register', given: { groupName: 'g', endpoint: 'https://e', token: 't' }, needs: 'administrator' },
  { name: 'registration:unregister', given: { token: null, local: true }, needs: 'administrator' },
  { name: 'settings:change', given: { limit: 9 }, needs: 'administrator' },
  { name: 'policy:change', given: { kinds: ['Bash'] }, needs: 'administrator' },
  { name: 'policy:answer', given: { sandboxId: sampleId(7), sha256: 'a', allow: true }, needs: 'administrator' },
  { name: 'diagnostics:test-path', given: { path: '/srv' }, needs: 'administrator' },
];

/** Not by the page's buttons, which the role has switched off: a page that was tampered with would ask like this. */
async function askAnyway({ page, engine }: FakeApp, role: 'reader' | 'operator'): Promise<void> {
  for (const { name, given, needs } of refused) {
    if (role === needs) continue;
    const answer = await page.evaluate(([call, args]) => window.hrw.call(call as 'worker:pause', args), [
      name,
      given as Record<string, never>,
    ] as const);
    expect(answer, name).toMatchObject({ ok: false, problem: { code: 'control-refused', details: { role, needed: needs } } });
    expect(engine?.worker.calls.map((call) => call.name)).not.toContain(name);
  }
}

const lacks = (needed: Role, held: Role) => `This takes the role ${needed}; you are here as ${held}.`;

test('a reader looks on: whatever would change something says who may, and reaches no worker', async ({ start }) => {
  const app = await start({ scenario: 'asking', role: 'reader' });
  const { page, open, trayLabels } = app;
  const off = async (name: string | RegExp, needed: Role): Promise<void> => {
    const button = page.getByRole('button', { name }).first();
    await expect(button, String(name)).toHaveAttribute('aria-disabled', 'true');
    await expect(button, String(name)).toHaveAccessibleDescription(new RegExp(lacks(needed, 'reader')));
    await button.click({ force: true });
  };
  const note = (needed: Role) => page.getByRole('note').filter({ hasText: lacks(needed, 'reader') });
  await expect(page.getByTestId('standing')).toContainText('You are here as reader: you look on');
  await off('Pause taking jobs', 'operator');
  await open('running');
  await off(/^Stop Rotate-Logs/, 'operator');
  await open(`jobs/${sampleId(1)}`);
  await off('Stop job', 'operator');
  await expect(page.getByRole('alertdialog')).toHaveCount(0);
  // What the runbook that waits would do is not for readers either.
  await open(`jobs/${sampleId(7)}`);
  await expect(note('operator')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Let it run' })).toHaveCount(0);
  await open('connection');
  await off('Change connection', 'administrator');
  await off('Disconnect', 'administrator');
  await expect(note('administrator')).toBeVisible();
  await open('group');
  await off('Leave the group', 'administrator');
  await off('Run a test job', 'operator');
  await open('diagnostics');
  await expect(heading(page)).toHaveText('Looking at this worker is for operators');
  await expect(note('operator')).toBeVisible();
  await open('settings');
  await expect(page.getByLabel('Jobs at once')).not.toBeEditable();
  await expect(page.getByRole('checkbox', { name: 'Ask me first' })).toBeDisabled();
  await off('Save changes', 'administrator');
  await page.getByLabel('Jobs at once').press('Enter');
  await expect(page.getByRole('combobox', { name: 'Keep' })).toBeDisabled();
  await expect(page.getByText('Reader: looks on')).toBeVisible();
  await expect(page.getByText(/^Runs elsewhere, process/)).toBeVisible();
  const offered = await trayLabels();
  expect(offered).not.toContain('Pause taking jobs');
  expect(offered).toContain('Quit (the worker runs on)');
  await askAnyway(app, 'reader');
});

test('a reader of a machine that is in no group is told who may let it join', async ({ start }) => {
  const { page, calls } = await start({ scenario: 'joinable', place: 'group', role: 'reader' });
  await expect(heading(page)).toHaveText('This machine is in no worker group');
  await expect(page.getByRole('note')).toContainText(lacks('administrator', 'reader'));
  await expect(page.locator('form[data-step]')).toHaveCount(0);
  expect(await calls('diagnostics:run')).toEqual([]);
});

test('an operator pauses, stops and looks, and leaves to administrators what is theirs', async ({ start }) => {
  const app = await start({ scenario: 'asking', role: 'operator' });
  const { page, open, calls, trayLabels } = app;
  await expect(page.getByTestId('standing')).toContainText('You are here as operator');
  await page.getByRole('button', { name: 'Pause taking jobs' }).click();
  await expect(heading(page)).toContainText('This worker is paused');
  await expect.poll(trayLabels).toContain('Resume taking jobs');
  await open(`jobs/${sampleId(7)}`);
  // Sees what would run, and who may let it.
  await expect(page.getByRole('group', { name: 'The script' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Let it run' })).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByRole('note')).toContainText(lacks('administrator', 'operator'));
  await open('diagnostics');
  await expect(page.getByRole('list', { name: 'Findings' })).toBeVisible();
  await page.getByLabel('Folder or share').fill('/srv');
  await expect(page.getByRole('button', { name: 'Test', exact: true })).toHaveAttribute('aria-disabled', 'true');
  await open(`jobs/${sampleId(1)}`);
  await page.getByRole('button', { name: 'Stop job' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop job' }).click();
  await expect.poll(() => calls('jobs:stop')).toEqual([{ sandboxId: sampleId(1) }]);
  await askAnyway(app, 'operator');
});
