import { parameters } from '../fixtures/runbooks/parameters.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('parameters', parameters);
