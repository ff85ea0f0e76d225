/**
 * Where the runtime reaches its sandbox: a line channel whose key was made for this one run, is given to this runtime alone, and is of no use
 * afterwards. The key admits, not the account: a runtime may run under another one than its sandbox.
 */
import { randomBytes } from 'node:crypto';
import type { Answer } from '../../../src-contract/app-error.ts';
import { describeProblem } from '../../../src-contract/problems.ts';
import { runtimeCalls, runtimeRole, runtimeVariables } from '../../../src-contract/runtime-calls.ts';
import { answerCall, type FaultListener } from '../../channel/answer.ts';
import { channelAddress } from '../../channel/channel-address.ts';
import { serveLineChannel } from '../../channel/line-channel-server.ts';
import type { AssetAccess } from './asset-access.ts';

export interface RuntimeEndpoint {
  /** For the runtime's environment. */
  environment: Record<string, string>;
  /** The secret in it. */
  key: string;
  close(): Promise<void>;
}

export async function openRuntimeEndpoint(folder: string, access: AssetAccess, onFault: FaultListener): Promise<RuntimeEndpoint> {
  const key = randomBytes(32);
  const server = await serveLineChannel({
    address: channelAddress(folder, 'runtime'),
    keys: new Map([[runtimeRole, key]]),
    anyAccount: true,
    onCall: (_role, call, given) => answer(access, call, given, onFault),
    onFault,
  });
  const text = key.toString('hex');
  return {
    environment: { [runtimeVariables.address]: server.address, [runtimeVariables.key]: text },
    key: text,
    close: () => server.close(),
  };
}

async function answer(access: AssetAccess, call: string, given: unknown, onFault: FaultListener): Promise<Answer<unknown>> {
  if (!isRuntimeCall(call)) return refuse(call, 'a sandbox has no such call for its runtime.');
  const parsed = runtimeCalls[call].arguments.safeParse(given);
  if (!parsed.success) return refuse(call, parsed.error.message);
  // One signature for all: which arguments go with which call was just checked.
  const handler = access[call].bind(access) as (checked: unknown) => Promise<unknown>;
  return answerCall(call, () => handler(parsed.data), onFault);
}

function isRuntimeCall(call: string): call is keyof typeof runtimeCalls {
  return Object.hasOwn(runtimeCalls, call);
}

function refuse(call: string, reason: string): Answer<never> {
  return { ok: false, problem: describeProblem('input-invalid', { what: `The call ${call.slice(0, 100)}`, reason }) };
}
