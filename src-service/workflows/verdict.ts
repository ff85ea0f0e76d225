/** What publishing finds out about a workflow: can it run on PowerShell 7, and if not, why. */
import { z } from 'zod';

export const workflowVerdict = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('translatable') }),
  z.object({ kind: z.literal('native-only'), line: z.int(), reason: z.string() }),
]);
export type WorkflowVerdict = z.infer<typeof workflowVerdict>;
