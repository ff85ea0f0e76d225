/** Presses whatever a page offers to a role: nothing may be dead, nothing off without a reason, nothing refused. */
import { expect, type Locator, type Page } from '@playwright/test';
import { engineCalls, mayActAs, type EngineCallName, type Role } from '../../../src-contract/engine-calls.ts';
import type { FakeApp } from './fake-app.ts';

const takesRole = /^This takes the role (operator|administrator); you are here as (reader|operator)\./;

/** The systems' dialogs stand outside of the page: here they are cancelled. */
async function cancelDialogs({ app }: FakeApp): Promise<void> {
  await app.evaluate(({ dialog }) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: true, filePath: '' });
    dialog.showOpenDialog = () => Promise.resolve({ canceled: true, filePaths: [] });
  });
}

/** All that a press could change. */
async function lookOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const states = ['aria-pressed', 'aria-expanded', 'aria-checked', 'aria-selected', 'aria-sort', 'aria-invalid', 'type'];
    const told = [...document.querySelectorAll('button, [role], input')].map((element) =>
      [...states.map((name) => element.getAttribute(name)), element instanceof HTMLInputElement ? element.value : ''].join(),
    );
    return [location.hash, document.body.innerText, ...told, document.activeElement?.getAttribute('name')].join('\n');
  });
}

async function press({ page, calls }: FakeApp, button: Locator, name: string): Promise<void> {
  await button.focus();
  const before = await lookOf(page);
  const asked = async (): Promise<number> =>
    (await Promise.all((Object.keys(engineCalls) as EngineCallName[]).map(calls))).reduce((sum, some) => sum + some.length, 0);
  const askedBefore = await asked();
  await button.click();
  await expect
    .poll(async () => (await lookOf(page)) !== before || (await asked()) > askedBefore, { message: `${name} does nothing` })
    .toBe(true);
  await expect(page.locator('[data-problem="control-refused"]'), name).toHaveCount(0);
}

/** The buttons of the page itself, told by their names. */
async function buttonsOf(page: Page): Promise<{ name: string; locator: Locator }[]> {
  const all = page.locator('main').getByRole('button');
  const names = await all.evaluateAll((buttons) =>
    buttons.map((button) => button.getAttribute('aria-label') ?? (button as HTMLElement).innerText.trim()),
  );
  return names.map((name, index) => ({ name, locator: all.nth(index) }));
}

/** On each of the places. What is switched off says which role it takes; what is not does something, and asks for nothing that is refused. */
export async function pressEverything(app: FakeApp, wanted: Role, places: readonly string[]): Promise<void> {
  const { page, open } = app;
  await cancelDialogs(app);
  for (const place of places) {
    // Anew each time, as a press may have led elsewhere.
    const openAnew = async (): Promise<void> => {
      await page.keyboard.press('Escape');
      await open(place === 'settings' ? 'overview' : 'settings');
      await open(place);
      await expect(page.getByRole('progressbar')).toHaveCount(0);
    };
    await openAnew();
    const names = [...new Set((await buttonsOf(page)).map(({ name }) => name))];
    const seen = new Set<string>();
    for (const name of names) {
      // Of many that are alike (a switch a level, one a finding) one is enough.
      const kind = name.replaceAll(/[\d,]+/g, '#').replace(/^(What was seen: ).*/, '$1');
      // What was pressed before may have changed what there is.
      const button = (await buttonsOf(page)).find((one) => one.name === name)?.locator;
      // `clear`: of a search field, which has it also while there is nothing to clear.
      if (seen.has(kind) || button === undefined || name === 'clear') continue;
      seen.add(kind);
      const where = `${place}: ${name}`;
      if ((await button.getAttribute('aria-disabled')) === 'true') {
        await expect(button, where).toHaveAccessibleDescription(takesRole);
        continue;
      }
      // Off because nothing has been entered or changed yet: the form beside it says what it wants.
      if (await button.isDisabled()) continue;
      await press(app, button, where);
      await openAnew();
    }
  }
  const made = await Promise.all(
    (Object.keys(engineCalls) as EngineCallName[]).map(async (name) => ((await app.calls(name)).length > 0 ? [name] : [])),
  );
  for (const name of made.flat()) expect([name, mayActAs(wanted, engineCalls[name].role)]).toEqual([name, true]);
}
