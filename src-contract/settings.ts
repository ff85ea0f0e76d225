/** The worker's settings file and what it is made of. Only the engine writes it. Secrets are never in it. */
import * as z from 'zod';
import { eventLevel } from './events.ts';
import { noStoredPolicy, storedPolicy, type LocalPolicy } from './policy.ts';

export const trust = z.discriminatedUnion('kind', [
  /** The operating system's authorities. */
  z.object({ kind: z.literal('system') }),
  /** PEM of the authority to trust for this service, alone. */
  z.object({ kind: z.literal('authority'), pem: z.string() }),
  /** SHA-256 of a certificate in the presented chain (leaf or authority), lower-case hex without colons. */
  z.object({ kind: z.literal('fingerprint'), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
]);
export type Trust = z.infer<typeof trust>;

export const proxySettings = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** What the machine is set to, found anew for each connection: variables such as HTTPS_PROXY and NO_PROXY, on Windows its own settings. */
  z.object({ kind: z.literal('system') }),
  /** http(s) URL without user info. The password stands in the secrets folder; the hand-over to a sandbox carries it. */
  z.object({ kind: z.literal('manual'), url: z.string(), userName: z.string().optional(), password: z.string().optional() }),
]);
export type ProxySettings = z.infer<typeof proxySettings>;

export const settingsVersion = 3;

const retentionMb = z.int().min(16).max(16_777_216);
const startLimitSeconds = z.number().min(5).max(3600);
const warmMemoryMb = z.int().min(0).max(16_777_216);
const culture = z.string().regex(/^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$/);

export const settings = z.object({
  version: z.literal(settingsVersion),
  /** How many sandboxes may run at once; null: as many as this machine has cores. */
  limit: z.int().min(1).max(50).nullable(),
  stopGraceSeconds: z.number().min(1).max(3600),
  /** A runtime that has not begun its runbook by then has failed to start. */
  startLimitSeconds: startLimitSeconds.default(120),
  /** What sandboxes that wait for a job, and their runtimes, may take together; 0: none waits. */
  warmMemoryMb: warmMemoryMb.default(512),
  /** Culture of PowerShell runbooks, as BCP 47 names it (de-CH); empty: the machine's own. */
  culture: culture.default(''),
  /** Ended jobs are kept this long. */
  retentionDays: z.int().min(1).max(3650),
  /** What the journals of ended jobs may take together: beyond it the oldest go before their days are over. */
  retentionMb: retentionMb.default(10_240),
  /** The least level of what the event log keeps. */
  logLevel: eventLevel.default('Information'),
  /** Folder of public keys (Ed25519, PEM): only runbooks signed with one of them are run. null: any runbook of the service. */
  trustedKeys: z.string().nullable().default(null),
  /** The other rules of this machine's own: what may run here, whatever the service sends. */
  policy: storedPolicy.default(noStoredPolicy),
  /**
   * Who runbooks run as where the engine is root on Linux. null: `hrw-runbook` where there is such a user, else root itself, and every
   * place that shows the worker says so. `root` by name: on purpose.
   */
  runAs: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/)
    .nullable(),
  /** Of all processes of one job together; null: no limit. One core is 100 percent. */
  memoryLimitMb: z.int().min(64).max(16_777_216).nullable(),
  processLimit: z.int().min(4).max(1_000_000).nullable(),
  cpuLimitPercent: z.int().min(5).max(102_400).nullable(),
  paused: z.boolean(),
  /** Asked to drain and not yet done: an engine that starts meanwhile goes on with it. `deadline` (ISO): what runs then is stopped. */
  drain: z.object({ since: z.string(), deadline: z.string().nullable() }).nullable(),
  connection: z
    .object({
      workspaceId: z.string(),
      workspaceName: z.string(),
      serviceUrl: z.string(),
      trust,
      proxy: proxySettings,
      machineId: z.string(),
      since: z.string(),
    })
    .nullable(),
  registration: z
    .object({
      groupName: z.string(),
      endpoint: z.string(),
      accountId: z.string(),
      accountName: z.string().nullable(),
      machineId: z.string(),
      jrdsUri: z.string(),
      restApiUri: z.string().nullable(),
      thumbprint: z.string(),
      since: z.string(),
    })
    .nullable(),
});
export type Settings = z.infer<typeof settings>;

export const defaultSettings: Settings = {
  version: settingsVersion,
  limit: null,
  stopGraceSeconds: 15,
  startLimitSeconds: 120,
  warmMemoryMb: 512,
  culture: '',
  retentionDays: 30,
  retentionMb: 10_240,
  logLevel: 'Information',
  trustedKeys: null,
  policy: noStoredPolicy,
  runAs: null,
  memoryLimitMb: null,
  processLimit: null,
  cpuLimitPercent: null,
  paused: false,
  drain: null,
  connection: null,
  registration: null,
};

export function policyOf({ policy, trustedKeys }: Pick<Settings, 'policy' | 'trustedKeys'>): LocalPolicy {
  return { ...policy, trustedKeys };
}

/** What a person may change by `settings:change`. */
export const changeableSettings = settings
  .pick({
    limit: true,
    stopGraceSeconds: true,
    retentionDays: true,
    runAs: true,
    memoryLimitMb: true,
    processLimit: true,
    cpuLimitPercent: true,
  })
  // As they are, without their defaults: what is not given is left alone.
  .extend({
    retentionMb,
    startLimitSeconds,
    warmMemoryMb,
    culture,
    logLevel: eventLevel,
    trustedKeys: z.string().nullable(),
  })
  .partial()
  .strict();
export const changeableNames = changeableSettings.keyof().options;
export type ChangeableName = (typeof changeableNames)[number];
