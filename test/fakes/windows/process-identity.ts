/** Takes the place of src-main/platform/process-identity.ts in a sandbox that is built for wine, until that room has a Windows part. */
import type { ProcessIdentity } from '../../../src-contract/sandbox.ts';

/** Nobody looks for this process by it. */
export function identifyThisProcess(): ProcessIdentity {
  return { bootId: 'under wine', pid: process.pid, startTime: 'unknown' };
}
