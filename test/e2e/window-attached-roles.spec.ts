/** The window as readers and operators of a worker see it, which runs elsewhere: with one in the application everybody is its administrator. */
import { expect } from '@playwright/test';
import { sampleId } from '../fakes/window/samples.ts';
import { axeSource, violationsOn } from './support/axe.ts';
import { test } from './support/fake-app.ts';
import { places } from './support/places.ts';
import { pressEverything } from './support/press-everything.ts';

/** A test looks at every page, and presses what is on it. */
test.describe.configure({ timeout: 400_000 });

for (const role of ['reader', 'operator'] as const) {
  test(`no page has a button for ${role}s that is dead, or off without a reason`, async ({ start }) => {
    const app = await start({ scenario: 'asking', role });
    await pressEverything(app, role, [...places, `jobs/${sampleId(7)}`]);
  });
}

for (const role of ['reader', 'operator'] as const) {
  for (const scenario of ['asking', 'joinable', 'empty'] as const) {
    test(`axe finds nothing on the pages as ${role}s see them in both themes, ${scenario}`, async ({ start }) => {
      const { page, open } = await start({ scenario, role });
      await page.evaluate(axeSource);
      const looked = scenario === 'asking' ? [...places, `jobs/${sampleId(7)}`] : ['overview', 'connection', 'group', 'start'];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        for (const place of looked) {
          await open(place);
          expect.soft(await violationsOn(page), `${place}, ${colorScheme}`).toEqual([]);
        }
      }
    });
  }
}
