import { streams } from '../fixtures/runbooks/streams.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('streams', streams);
