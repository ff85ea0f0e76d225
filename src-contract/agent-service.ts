/**
 * Registration with an account and joining a workspace: the calls that are signed with a shared key.
 * Bodies and casing as in Azure Automation's agent protocol; unknown keys are dropped (they come from other versions).
 */
import * as z from 'zod';

export const protocolVersion = '2.0';

/** Longer than a host name may be (RFC 1035). */
const maxMachineNameLength = 255;

/** PUT {endpoint}/HybridV2(MachineId='…'). Everything but group and thumbprint is optional. */
export const registerBody = z.object({
  RunbookWorkerGroup: z.string(),
  Thumbprint: z.string(),
  MachineName: z.string().max(maxMachineNameLength).optional(),
  IpAddress: z.string().optional(),
  Issuer: z.string().optional(),
  Subject: z.string().optional(),
  OperatingSystem: z.union([z.int(), z.string()]).optional(),
  SMBIOSAssetTag: z.unknown().optional(),
  VirtualMachineId: z.unknown().optional(),
});
export type RegisterBody = z.infer<typeof registerBody>;

/** Both protocol keys in this exact casing. `restApiUri` is ours, ignored by others. */
export const registerAnswer = z.object({
  jobRuntimeDataServiceUri: z.string(),
  AccountId: z.string(),
  restApiUri: z.string().optional(),
  accountName: z.string().optional(),
});
export type RegisterAnswer = z.infer<typeof registerAnswer>;

/** DELETE {endpoint}/Hybrid(MachineId='…'), with this body. */
export const deregisterBody = z.object({ Thumbprint: z.string(), Issuer: z.string().optional(), Subject: z.string().optional() });

export const operatingSystemNumbers = { windows: 1, linux: 2 } as const;

/** POST {serviceUrl}/workspaces/{workspaceId}/agents, signed with the workspace key. */
export const joinBody = z.object({
  machineId: z.string(),
  machineName: z.string().max(maxMachineNameLength),
  thumbprint: z.string(),
  version: z.string(),
  operatingSystem: z.string(),
});
export type JoinBody = z.infer<typeof joinBody>;

export const joinAnswer = z.object({
  workspaceName: z.string(),
  /** null: the workspace is linked to no account (a named problem, but packs still arrive). */
  account: z.object({ accountId: z.string(), name: z.string(), endpoint: z.string() }).nullable(),
});
export type JoinAnswer = z.infer<typeof joinAnswer>;

/** GET {serviceUrl}/workspaces/{workspaceId}/packs; held with Prefer: wait=N and If-None-Match until it changes (304 if not). */
export const packList = z.object({
  account: z.object({ accountId: z.string(), name: z.string(), endpoint: z.string() }).nullable(),
  packs: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      /** SHA-256 of the archive, lower-case hex. */
      sha256: z.string(),
      bytes: z.int().nonnegative(),
    }),
  ),
});
export type PackList = z.infer<typeof packList>;

export const extractAccountId = (endpoint: string): string | undefined => {
  const found = endpoint.toLowerCase().match(/\/accounts\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=$|[/?])/g);
  return found?.length === 1 ? found[0].slice('/accounts/'.length) : undefined;
};
