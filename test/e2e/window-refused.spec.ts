/** Whatever the application itself is asked for may fail (a file, the clipboard, the service): each place says so, with what to do next. */
import { expect, type Page } from '@playwright/test';
import { ipcChannels } from '../../src-contract/ipc-channels.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { sampleId } from '../fakes/window/samples.ts';
import { axeSource, violationsOn } from './support/axe.ts';
import { test, type FakeApp } from './support/fake-app.ts';

test.describe.configure({ timeout: 240_000 });

const problem = describeProblem('input-invalid', {
  what: '/srv/exports/report',
  reason: 'It cannot be written: EROFS: read-only file system.',
});

/** From now on the main process refuses every call of the shell. */
async function refuseShellCalls({ app }: FakeApp): Promise<void> {
  await app.evaluate(
    ({ ipcMain }, { channel, refusal }) => {
      ipcMain.removeHandler(channel);
      ipcMain.handle(channel, () => ({ ok: false, problem: refusal }));
    },
    { channel: ipcChannels.shellCall, refusal: problem },
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`what the application refuses is said where it was asked for, and axe finds nothing there, ${colorScheme}`, async ({
    start,
  }) => {
    const started = await start({ scenario: 'filled', colorScheme, size: { width: 1120, height: 900 } });
    const { page, open } = started;
    await page.evaluate(axeSource);
    await refuseShellCalls(started);
    const refusals = page.locator('main, [role="dialog"]').getByRole('alert', { name: problem.title });
    const check = async (what: string, shown = refusals): Promise<void> => {
      await expect(shown.first(), what).toBeVisible();
      expect.soft(await violationsOn(page), what).toEqual([]);
    };
    const save = async (button: string | RegExp, item: string): Promise<void> => {
      await page.locator('main').getByRole('button', { name: button }).first().click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await open('events');
    await save('Export', 'As CSV');
    await check('exporting events');
    await page.getByRole('row').nth(2).click();
    await page.getByRole('button', { name: 'Copy event' }).click();
    await check('copying an event', page.getByText('Not copied'));
    await page.getByRole('button', { name: 'Copy 1 row' }).click();
    await check('copying rows', page.getByText('The rows could not be copied'));
    await open('running');
    await save('Export', 'As JSON');
    await check('exporting what runs');
    await open(`jobs/${sampleId(1)}`);
    await save('Save as…', 'Records as CSV');
    await check('saving a job');
    await page.getByTestId('records').getByRole('option').first().click();
    await page.getByRole('button', { name: 'Copy 1 entry' }).click();
    await check('copying a record', page.getByText('The entries could not be copied'));
    await open('diagnostics');
    await page.getByRole('button', { name: 'Show what would be in it' }).click();
    await check('preparing a bundle');
    await open('connection');
    await page.getByRole('button', { name: 'Change connection' }).click();
    await page.getByText('One authority', { exact: false }).first().click();
    await page.locator('button[name="authorityPem"]').click();
    await check('choosing a certificate', page.getByText(problem.text));
    await open('settings');
    const cards = page.locator('main').getByRole('group', { name: problem.title });
    // What is chosen at this desktop, notifications, and about: each can be asked for again.
    await expect(cards).toHaveCount(3);
    await expect(cards.getByRole('button', { name: 'Try again' })).toHaveCount(3);
    await check('settings', cards);
    await page.getByRole('button', { name: 'Licences of what is inside' }).click();
    await check('licences');
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Try again' })).toBeVisible();
    await page.keyboard.press('Escape');
    await open('start');
    await check('where jobs are started');
    await open(`started/${sampleId(4)}`);
    await check('a job that was started');
  });
}

test('what could not be read is there when it is asked for again', async ({ start }) => {
  const { page, open, app } = await start({ scenario: 'filled' });
  // The first call alone fails: the page asks anew, and then it works.
  await app.evaluate(
    ({ ipcMain }, { channel, refusal }) => {
      const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, (...given: unknown[]) => unknown> })._invokeHandlers;
      const real = handlers.get(channel);
      const failed = new Set<unknown>();
      ipcMain.removeHandler(channel);
      ipcMain.handle(channel, (event, name: unknown, given: unknown) => {
        if (name !== 'shell:desktop' || failed.has(name)) return real?.(event, name, given);
        failed.add(name);
        return { ok: false, problem: refusal };
      });
    },
    { channel: ipcChannels.shellCall, refusal: problem },
  );
  await open('settings');
  await cardsOf(page).getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('checkbox', { name: 'Start in the tray when you log on' })).toBeVisible();
  await expect(cardsOf(page)).toHaveCount(0);
});

function cardsOf(page: Page) {
  return page.locator('main').getByRole('group', { name: problem.title });
}
