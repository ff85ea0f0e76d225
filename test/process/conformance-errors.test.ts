import { errors } from '../fixtures/runbooks/errors.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('errors', errors);
