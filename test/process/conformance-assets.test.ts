import { assets } from '../fixtures/runbooks/assets.ts';
import { conformanceSuite } from '../harness/conformance.ts';

conformanceSuite('assets', assets);
