/**
 * What a runbook's runtime may ask of its sandbox: the account's assets, and jobs of other runbooks. Over a line channel
 * (node/line-channel.ts) whose one role, `runtime`, has a key that this runtime alone was given.
 *
 * Texts that somebody chose travel in base64 of UTF-8: PowerShell's ConvertFrom-Json takes some of them for dates.
 */
import * as z from 'zod';

export const runtimeRole = 'runtime';

/** What a runtime finds in its environment. The first is Azure Automation's own name. */
export const runtimeVariables = { address: 'AUTOMATION_ASSET_ENDPOINT', key: 'AUTOMATION_ASSET_KEY' } as const;

const name = z.string().min(1).max(300);

/** `date`: ISO 8601, UTC, for what the protocol's clients write as `/Date(…)/`. `json`: anything but a string; the text is its JSON. */
export const typedText = z.object({ kind: z.enum(['null', 'text', 'date', 'json']), text: z.string() });
export type TypedText = z.infer<typeof typedText>;

export const startedJob = z.object({
  jobId: z.string(),
  status: z.string(),
  /** It is over, or waits for a person. */
  isEnded: z.boolean(),
  exception: z.string().nullable(),
});

export const runtimeCalls = {
  'assets:get-variable': { arguments: z.strictObject({ name }), value: typedText },
  /** `value` is JSON text. */
  'assets:set-variable': { arguments: z.strictObject({ name, value: z.string() }), value: z.object({}) },
  'assets:get-credential': {
    arguments: z.strictObject({ name }),
    value: z.object({ userName: z.string(), password: z.string() }),
  },
  'assets:get-connection': {
    arguments: z.strictObject({ name }),
    value: z.object({ fields: z.array(typedText.extend({ name: z.string() })) }),
  },
  /** `value` is the file (PFX, DER or PEM) in base64. */
  'assets:get-certificate': {
    arguments: z.strictObject({ name }),
    value: z.object({ thumbprint: z.string(), isExportable: z.boolean(), value: z.string() }),
  },
  /** `runOn` null: the group that this job runs on. `parameters` is a JSON object as text. */
  'jobs:start': {
    arguments: z.strictObject({ runbookName: name, parameters: z.string(), runOn: name.nullable() }),
    value: z.object({ jobId: z.string() }),
  },
  /** A job that this one has started. */
  'jobs:look': { arguments: z.strictObject({ jobId: name }), value: startedJob },
} as const;
export type RuntimeCallName = keyof typeof runtimeCalls;
export type RuntimeArguments<Name extends RuntimeCallName> = z.infer<(typeof runtimeCalls)[Name]['arguments']>;
export type RuntimeValue<Name extends RuntimeCallName> = z.infer<(typeof runtimeCalls)[Name]['value']>;
