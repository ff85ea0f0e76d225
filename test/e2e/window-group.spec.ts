/** The page of the worker group: the wizard that joins one, the wizard that leaves it, and the way back from each refusal. */
import { expect, type Page } from '@playwright/test';
import { describeProblem } from '../../src-contract/problems.ts';
import { ago } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';
import { openJoinStep } from './support/join-wizard.ts';

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const step = (page: Page) => page.locator('form[data-step]');
const goOn = (page: Page) => page.getByRole('button', { name: 'Continue', exact: true }).click();

async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

test.describe('joining', () => {
  test('explains what it waits for, checks anew when the pack is here, and only then goes on', async ({ start }) => {
    const { page, worker, calls } = await start({ scenario: 'waiting', place: 'group' });
    await expect(heading(page)).toContainText('its pack is on the way');
    await expect(page.getByText(/hrw pack add --workspace/)).toBeVisible();
    await expect(page.getByRole('button', { name: /^Continue/ })).toBeDisabled();
    const before = (await calls('diagnostics:run')).length;
    const pack = { name: 'AzureAutomation', version: '1.4.2', receivedAt: ago(0), folder: '/x' };
    await worker('change', { packs: [pack] });
    await expect(heading(page)).toHaveText('This machine can join a worker group');
    await expect.poll(async () => (await calls('diagnostics:run')).length).toBe(before + 1);
    await goOn(page);
    await expect(step(page)).toHaveAttribute('data-step', 'account');
  });

  test('checks what it stands on by the rules of the diagnostics, and says what was found', async ({ start }) => {
    const { page } = await start({ scenario: 'joinable', place: 'group' });
    const rules = page.getByRole('list', { name: 'Checks of this machine' }).getByRole('listitem');
    await expect(rules).toHaveCount(7);
    await expect(page.getByRole('heading', { name: 'Nothing stands in the way' })).toBeVisible();
    await expect(rules.filter({ hasText: 'Clock' })).toContainText('agrees with the service');
  });

  test('can be gone on with though this machine could not be looked at', async ({ start }) => {
    const { page } = await start({ scenario: 'unchecked', place: 'group' });
    await expect(page.getByRole('heading', { name: 'This machine could not be looked at' })).toBeVisible();
    await expect(page.getByRole('alert')).toBeVisible();
    await page.getByRole('button', { name: 'Continue anyway' }).click();
    await expect(step(page)).toHaveAttribute('data-step', 'account');
  });

  test('takes the block of settings at any step, and joins with it by the keyboard alone', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'joinable', place: 'group' });
    const endpoint = 'https://automation.contoso.example:8443/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11';
    await paste(page, `$settings = @{ Name = "berlin" EndPoint = "${endpoint}" Token = "a-key-of-the-account-9f2c" }`);
    await expect(page.getByText('Filled in from what you pasted: Worker group, Endpoint, Account key.')).toBeVisible();
    await page.getByRole('button', { name: 'Continue' }).focus();
    await page.keyboard.press('Enter');
    // The heading of the new step has the focus; its first field is next.
    await page.keyboard.press('Tab');
    await expect(page.getByLabel('Endpoint')).toBeFocused();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(page.getByLabel('Worker group', { exact: true })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'This is what will be done' })).toBeFocused();
    await expect(page.getByText('ends in …9f2c; used once, not kept')).toBeVisible();
    await page.getByRole('button', { name: 'Join the group' }).focus();
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('This machine is in group berlin');
    expect(await calls('registration:register')).toEqual([{ groupName: 'berlin', endpoint, token: 'a-key-of-the-account-9f2c' }]);
  });

  test('names what is missing before it asks anybody, and goes there', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'joinable', place: 'group' });
    await openJoinStep(page, 'account');
    await goOn(page);
    await expect(page.getByText('Enter one of the account’s keys.')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Account key' })).toBeFocused();
    await page.getByRole('textbox', { name: 'Account key' }).fill('a-key');
    await goOn(page);
    await page.getByLabel('Worker group', { exact: true }).fill('no name!');
    await goOn(page);
    await expect(page.getByText(/A name has 1 to 127 letters/)).toBeVisible();
    await expect(page.getByLabel('Worker group', { exact: true })).toBeFocused();
    expect(await calls('registration:register')).toEqual([]);
  });

  test('shows all of it before it is done, with the way back to each value', async ({ start }) => {
    const { page, app } = await start({ scenario: 'joinable', place: 'group' });
    await openJoinStep(page, 'review', { token: 'tops3cret-key-of-the-account' });
    await expect(page.getByText('ends in …ount; used once, not kept')).toBeVisible();
    await page.getByText('The same as a command').click();
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    const copied = await app.evaluate(({ clipboard }) => clipboard.readText());
    expect(copied).toMatch(/^hrw register --group datacenter-east --endpoint https:\S+ --token-file token.txt$/);
    await page.getByRole('button', { name: 'Change worker group' }).click();
    await expect(page.getByLabel('Worker group', { exact: true })).toBeFocused();
    await page
      .getByRole('navigation', { name: 'Steps' })
      .getByRole('button', { name: /^Account/ })
      .click();
    await expect(page.getByRole('textbox', { name: 'Account key' })).toHaveValue('tops3cret-key-of-the-account');
  });

  test('shows each step, which one failed, and leads back to the field that mends it', async ({ start }) => {
    const { page } = await start({ scenario: 'refusing', place: 'group' });
    await openJoinStep(page, 'review');
    await page.getByRole('button', { name: 'Join the group' }).click();
    const refusal = page.getByRole('alert', { name: 'The account did not accept the key' });
    await expect(refusal).toContainText('9f2c');
    await expect(refusal).toContainText('Nothing was registered');
    await expect(heading(page)).toHaveText('This machine did not join group datacenter-east');
    const statuses = page.getByTestId('steps').getByRole('listitem');
    await expect(statuses).toHaveCount(5);
    await expect(statuses.nth(3)).toHaveText('Register in the group datacenter-eastfailed');
    await expect(statuses.nth(4)).toHaveAttribute('data-status', 'later');
    await refusal.getByRole('button', { name: 'Show details' }).click();
    await expect(refusal).toContainText('code: account-key-refused');
    await expect(refusal.getByRole('button', { name: 'Enter another key' })).toBeInViewport();
    await refusal.getByRole('button', { name: 'Enter another key' }).click();
    await expect(page.getByRole('textbox', { name: 'Account key' })).toBeFocused();
  });

  test('ends with a test job right there, and the page of a member after it', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'joinable', place: 'group' });
    await openJoinStep(page, 'review');
    await page.getByRole('button', { name: 'Join the group' }).click();
    await expect(heading(page)).toHaveText('This machine is in group datacenter-east');
    await expect(page.getByRole('button', { name: 'Leave the group' })).toHaveCount(0);
    await page.getByRole('button', { name: 'Run a test job' }).click();
    await expect(page.getByTestId('job-badge')).toContainText('Running');
    await worker('change', { running: 1 });
    await page.getByRole('button', { name: 'Finish' }).click();
    await expect(page.getByRole('button', { name: 'Leave the group' })).toBeVisible();
  });

  test('gives way when the machine was registered by somebody else meanwhile', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'joinable', place: 'group' });
    await openJoinStep(page, 'group');
    const registration = {
      groupName: 'elsewhere',
      accountId: '7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
      accountName: null,
      endpoint: 'https://automation.contoso.example:8443/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
      machineId: '1c7be7a0-94f4-4a57-8ed1-11a2cf8d6b90',
      thumbprint: '5C0A',
      since: ago(0),
      lastContact: null,
    };
    await worker('change', { registration });
    await expect(heading(page)).toHaveText('This machine is in group elsewhere');
  });
});

test.describe('leaving', () => {
  test('at the account takes its key, says what is lost, and can be thought better of', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'group' });
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await goOn(page);
    await expect(page.getByText('Enter one of the account’s keys.')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Account key' })).toBeFocused();
    await page.getByRole('textbox', { name: 'Account key' }).fill('a-key-of-the-account');
    await goOn(page);
    await expect(page.getByText(/2 jobs run here now: they go on to their end/)).toBeVisible();
    await page.getByRole('button', { name: 'Stay in the group' }).click();
    await expect(heading(page)).toHaveText('This machine is in group datacenter-east');
    expect(await calls('registration:unregister')).toEqual([]);
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await page.getByRole('textbox', { name: 'Account key' }).fill('a-key-of-the-account');
    await goOn(page);
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await expect(heading(page)).toHaveText('This machine has left group datacenter-east');
    expect(await calls('registration:unregister')).toEqual([{ token: 'a-key-of-the-account', local: false }]);
    await page.getByRole('button', { name: 'Join another group' }).click();
    await expect(heading(page)).toHaveText('This machine can join a worker group');
  });

  test('that the account refuses can be done on this machine alone', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'refusing-to-leave', place: 'group' });
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await page.getByRole('textbox', { name: 'Account key' }).fill('a-key-of-the-account');
    await goOn(page);
    await page.getByRole('button', { name: 'Leave the group' }).click();
    const { title } = describeProblem('machine-unknown', { machineId: '1c7be7a0-94f4-4a57-8ed1-11a2cf8d6b90' });
    const refusal = page.getByRole('alert', { name: title });
    await expect(heading(page)).toHaveText('This machine is still in group datacenter-east');
    await expect(page.getByTestId('steps').getByRole('listitem').first()).toHaveAttribute('data-status', 'failed');
    await refusal.getByRole('button', { name: 'Forget it on this machine only' }).click();
    await expect(page.getByRole('heading', { name: 'This is what will be done' })).toBeFocused();
    await page.getByText('The same as a command').click();
    await expect(page.getByText('hrw unregister --local')).toBeVisible();
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await expect.poll(async () => (await calls('registration:unregister')).at(-1)).toEqual({ token: null, local: true });
  });
});
