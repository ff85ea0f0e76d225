import { workflows } from '../fixtures/runbooks/workflows.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('workflows', workflows);
