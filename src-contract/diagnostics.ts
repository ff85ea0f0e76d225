/** What a worker finds when it looks at itself: one finding a rule, each with what was seen and what to do about it. */
import * as z from 'zod';

/** In the order in which a person should mend them: what comes first explains what comes after. */
export const diagnosticRule = z.enum([
  'service-reachable',
  'certificate-chain',
  'proxy',
  'clock',
  'registration',
  'pack-integrity',
  'runtimes',
  'execution-policy',
  'identity',
  'disk-and-folders',
  'waiting-jobs',
]);
export type DiagnosticRule = z.infer<typeof diagnosticRule>;

export const diagnosticTitles: Record<DiagnosticRule, string> = {
  'service-reachable': 'Service reachable',
  'certificate-chain': 'Certificate chain',
  proxy: 'Proxy',
  clock: 'Clock',
  registration: 'Registration',
  'pack-integrity': 'Packs',
  runtimes: 'Runtimes',
  'execution-policy': 'PowerShell execution policy',
  identity: 'Identity of runbooks',
  'disk-and-folders': 'Disk and folders',
  'waiting-jobs': 'Waiting jobs',
};

export const finding = z.object({
  rule: diagnosticRule,
  /**
   * `attention`: works, but a person should know; `failed`: keeps jobs from running, or from running as they should; `not-checked`: does not
   * apply here, or cannot be known before something else is mended.
   */
  result: z.enum(['good', 'attention', 'failed', 'not-checked']),
  /** What is the matter, without a full stop. */
  sentence: z.string(),
  /** What was seen. */
  evidence: z.array(z.object({ name: z.string(), value: z.string() })),
  /** What to do; null where there is nothing to do. */
  repair: z.string().nullable(),
});
export type Finding = z.infer<typeof finding>;

export const diagnosis = z.object({
  at: z.string(),
  tookMs: z.int().nonnegative(),
  /** One of each rule, in the rules' order. */
  findings: z.array(finding),
});
export type Diagnosis = z.infer<typeof diagnosis>;

/** A folder as the identity that runbooks have sees it; `path` may be a UNC path. */
export const pathTest = z.object({
  path: z.string(),
  user: z.string(),
  reached: z.boolean(),
  sentence: z.string(),
  evidence: z.array(z.object({ name: z.string(), value: z.string() })),
  repair: z.string().nullable(),
});
export type PathTest = z.infer<typeof pathTest>;
