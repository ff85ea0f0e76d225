import { hosting } from '../fixtures/runbooks/hosting.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('hosting', hosting);
