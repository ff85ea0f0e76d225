/** Registering this machine with an automation account, and leaving it. One attempt; nothing is kept here. */
import { hostname, networkInterfaces, platform } from 'node:os';
import type { z } from 'zod';
import {
  extractAccountId,
  operatingSystemNumbers,
  registerAnswer,
  type deregisterBody,
  type RegisterBody,
} from '../../src-contract/agent-service.ts';
import { AppError } from '../../src-contract/app-error.ts';
import { namePattern } from '../../src-contract/limits.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { clockFailureOf, failureOf, parseAnswer, refuseForeignPage } from './answers.ts';
import type { CallAnswer, Timeouts } from './https-client.ts';
import type { MachineIdentity } from './machine-identity.ts';
import { sendSigned } from './signed-call.ts';

export interface AccountAccess {
  /** `https://host/…/accounts/{account id}`, as the account's keys page shows it. */
  endpoint: string;
  /** Primary or secondary key of the account. */
  key: string;
  machineId: string;
  identity: MachineIdentity;
  trust: Trust;
  proxy: ProxySettings;
  /** Of this program. */
  version: string;
  /** The workspace that this agent belongs to: our service refuses an account that it is not linked to. */
  workspaceId?: string;
  now?: () => Date;
  timeouts?: Partial<Timeouts>;
  signal?: AbortSignal;
}

export interface Registered {
  jrdsUri: string;
  accountId: string;
  restApiUri: string | null;
  accountName: string | null;
}

/** The account id that an endpoint names. @throws AppError `endpoint-invalid` */
export function checkEndpoint(endpoint: string): string {
  const accountId = extractAccountId(endpoint);
  const protocol = protocolOf(endpoint);
  if (accountId === undefined || (protocol !== 'https:' && protocol !== 'http:'))
    throw new AppError('endpoint-invalid', { endpoint: withoutUserInfo(endpoint) });
  return accountId;
}

/** @throws AppError `group-name-invalid` */
export function checkGroupName(groupName: string): void {
  if (!namePattern.test(groupName)) throw new AppError('group-name-invalid', { groupName: groupName.slice(0, 200) });
}

export async function register(access: AccountAccess & { groupName: string }): Promise<Registered> {
  checkGroupName(access.groupName);
  const accountId = checkEndpoint(access.endpoint);
  const body: RegisterBody = {
    RunbookWorkerGroup: access.groupName,
    MachineName: hostname().split('.')[0] ?? hostname(),
    IpAddress: firstAddress(),
    Thumbprint: access.identity.thumbprint,
    Issuer: access.identity.issuer,
    Subject: access.identity.subject,
    OperatingSystem: platform() === 'win32' ? operatingSystemNumbers.windows : operatingSystemNumbers.linux,
    SMBIOSAssetTag: 'Unknown',
    VirtualMachineId: 'Unknown',
  };
  const answer = await send(access, 'PUT', 'HybridV2', body);
  if (answer.status !== 200) {
    const { groupName } = access;
    throw refusalOf(answer, { what: 'register the worker', otherwise: 'Nothing was registered' }, access, accountId, () =>
      answer.status === 409 ? new AppError('already-registered', { groupName, account: accountId }) : undefined,
    );
  }
  const parsed = parseAnswer(answer, registerAnswer);
  return {
    jrdsUri: parsed.jobRuntimeDataServiceUri.replace(/\/+$/, ''),
    accountId: parsed.AccountId,
    restApiUri: parsed.restApiUri ?? null,
    accountName: parsed.accountName ?? null,
  };
}

/** A machine that the account does not know is the AppError `machine-unknown`. */
export async function deregister(access: AccountAccess & { groupName: string }): Promise<void> {
  const accountId = checkEndpoint(access.endpoint);
  const { thumbprint: Thumbprint, issuer: Issuer, subject: Subject } = access.identity;
  const body: z.input<typeof deregisterBody> = { Thumbprint, Issuer, Subject };
  const answer = await send(access, 'DELETE', 'Hybrid', body);
  if (answer.status !== 200 && answer.status !== 204)
    throw refusalOf(answer, { what: 'remove the worker', otherwise: stays(access.groupName) }, access, accountId, () =>
      answer.status === 404 ? new AppError('machine-unknown', { machineId: access.machineId }) : undefined,
    );
  refuseForeignPage(answer);
}

async function send(access: AccountAccess, method: 'PUT' | 'DELETE', entity: string, body: unknown): Promise<CallAnswer> {
  return sendSigned({
    connection: {
      address: { url: access.endpoint, trust: access.trust, proxy: access.proxy },
      certificate: access.identity,
      userAgent: `HybridRunbookWorker/${access.version}`,
      ...(access.timeouts === undefined ? {} : { timeouts: access.timeouts }),
    },
    key: access.key,
    method,
    // Quotes and parentheses go as they are: that is what services of this protocol route on.
    path: `/${entity}(MachineId='${access.machineId}')`,
    body,
    headers: access.workspaceId === undefined ? {} : { 'hrw-workspace': access.workspaceId },
    now: access.now?.() ?? new Date(),
    ...(access.signal === undefined ? {} : { signal: access.signal }),
  });
}

function stays(groupName: string): string {
  return `This machine stays in group ${groupName}`;
}

/** Our service names its reason. A foreign one gives a status, which says less: the likeliest reason for it. */
function refusalOf(
  answer: CallAnswer,
  { what, otherwise }: { what: string; otherwise: string },
  access: AccountAccess,
  accountId: string,
  byStatus: () => AppError | undefined,
): AppError {
  const failure = failureOf(answer, what);
  const keyRefused = (): AppError =>
    new AppError('account-key-refused', { keyEnding: access.key.slice(-4), outcome: otherwise }, { cause: failure });
  // The service cannot say which key was used; we can.
  if (failure.code === 'account-key-refused') return keyRefused();
  if (failure.code !== 'service-refused') return failure;
  const known = byStatus();
  if (known !== undefined) return known;
  if (answer.status === 401 || answer.status === 403) return clockFailureOf(answer) ?? keyRefused();
  return answer.status === 404 ? new AppError('account-unknown', { accountId }, { cause: failure }) : failure;
}

function protocolOf(url: string): string | undefined {
  try {
    return new URL(url).protocol;
  } catch {
    return undefined;
  }
}

/** A URL may carry a password that somebody pasted with it; a message must not. */
function withoutUserInfo(endpoint: string): string {
  return endpoint.slice(0, 200).replace(/\/\/[^/]*@/, '//');
}

function firstAddress(): string {
  const outward = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter((one) => !one.internal);
  return (outward.find((one) => one.family === 'IPv4') ?? outward[0])?.address ?? '127.0.0.1';
}
