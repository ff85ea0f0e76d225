import { afterAll, beforeAll, expect, it } from 'vitest';
import { assets } from '../fixtures/runbooks/assets.ts';
import { errors } from '../fixtures/runbooks/errors.ts';
import { hosting } from '../fixtures/runbooks/hosting.ts';
import { parameters } from '../fixtures/runbooks/parameters.ts';
import { streams } from '../fixtures/runbooks/streams.ts';
import { workflows } from '../fixtures/runbooks/workflows.ts';
import { conformanceSuiteOnWindows } from '../harness/conformance.ts';
import { requireWindowsPrograms, WindowsMachine } from '../harness/windows-machine.ts';

const everything = { streams, errors, parameters, hosting, assets, workflows };

if (WindowsMachine.canStart()) {
  let machine: WindowsMachine | undefined;
  beforeAll(async () => (machine = await WindowsMachine.start()), 300_000);
  afterAll(() => machine?.close(), 60_000);
  for (const [theme, expectations] of Object.entries(everything)) conformanceSuiteOnWindows(theme, expectations, () => machine);
} else {
  it('conformance on Windows: runbooks that need no Unix programs', (context) => {
    // It skips, or throws.
    expect(requireWindowsPrograms(context)).toBeUndefined();
  });
}
