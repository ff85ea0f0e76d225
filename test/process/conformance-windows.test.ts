import { afterAll, beforeAll } from 'vitest';
import { assets } from '../fixtures/runbooks/assets.ts';
import { errors } from '../fixtures/runbooks/errors.ts';
import { hosting } from '../fixtures/runbooks/hosting.ts';
import { parameters } from '../fixtures/runbooks/parameters.ts';
import { streams } from '../fixtures/runbooks/streams.ts';
import { workflows } from '../fixtures/runbooks/workflows.ts';
import { conformanceSuiteOnWindows } from '../harness/conformance.ts';
import { WindowsMachine } from '../harness/windows-machine.ts';

let machine: WindowsMachine | undefined;
beforeAll(async () => (machine = await WindowsMachine.start()), 300_000);
afterAll(() => machine?.close(), 60_000);

for (const [theme, expectations] of Object.entries({ streams, errors, parameters, hosting, assets, workflows }))
  conformanceSuiteOnWindows(theme, expectations, () => machine);
