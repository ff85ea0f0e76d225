/** What a page offers does something, wherever the engine is; as other roles see it: window-attached-roles.spec.ts. */
import { sampleId } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';
import { places } from './support/places.ts';
import { pressEverything } from './support/press-everything.ts';

/** Looks at every page, and presses what is on it. */
test.describe.configure({ timeout: 400_000 });

test('no page has a button for administrators that is dead, or off without a reason', async ({ start }) => {
  const app = await start({ scenario: 'asking', role: 'administrator' });
  await pressEverything(app, 'administrator', [...places, `jobs/${sampleId(7)}`]);
});
