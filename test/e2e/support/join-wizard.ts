/** The wizard that joins a group, as far as several tests walk through it. */
import { expect, type Page } from '@playwright/test';

const steps = ['check', 'account', 'group', 'review'] as const;

/** Goes on from the first step; fields are filled with `values` on the way. */
export async function openJoinStep(
  page: Page,
  step: (typeof steps)[number],
  values: { token?: string; groupName?: string } = {},
): Promise<void> {
  for (const name of steps) {
    await expect(page.locator('form[data-step]')).toHaveAttribute('data-step', name);
    if (name === step) return;
    if (name === 'account') await page.getByRole('textbox', { name: 'Account key' }).fill(values.token ?? 'a-key-of-the-account');
    if (name === 'group') await page.getByLabel('Worker group', { exact: true }).fill(values.groupName ?? 'datacenter-east');
    await page.getByRole('button', { name: /^Continue/ }).click();
  }
}
