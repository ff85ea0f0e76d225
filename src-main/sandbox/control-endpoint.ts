/** Where the engine reaches this sandbox: a line channel whose key lies in the sandbox's folder. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Answer } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { sandboxCalls, type SandboxReport } from '../../src-contract/sandbox.ts';
import { channelAddress } from '../channel/channel-address.ts';
import { serveLineChannel } from '../channel/line-channel-server.ts';

/** The one role; whoever can read the key has it. */
const role = 'engine';

export interface ControlEndpointOptions {
  folder: string;
  report: () => SandboxReport;
  stop: (reason: string) => boolean;
  onFault: (error: unknown) => void;
}

export interface ControlEndpoint {
  address: string;
  publish: (report: SandboxReport) => void;
  close: () => Promise<void>;
}

export function controlAddress(folder: string): string {
  return channelAddress(folder, 'control');
}

export async function openControlEndpoint(options: ControlEndpointOptions): Promise<ControlEndpoint> {
  const key = randomBytes(32);
  await writeFile(path.join(options.folder, 'control.key'), `${key.toString('hex')}\n`, { mode: 0o600 });
  const server = await serveLineChannel({
    address: controlAddress(options.folder),
    keys: new Map([[role, key]]),
    onCall: (_role, call, callArguments) => Promise.resolve(answer(options, call, callArguments)),
    onFault: options.onFault,
  });
  return {
    address: server.address,
    publish: (report) => server.publish('report', report),
    close: () => server.close(),
  };
}

function answer({ report, stop }: ControlEndpointOptions, call: string, given: unknown): Answer<unknown> {
  switch (call) {
    case 'sandbox:report': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      return parsed.success ? { ok: true, value: report() } : refuse(call, parsed.error.message);
    }
    case 'sandbox:stop': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      return parsed.success ? { ok: true, value: { accepted: stop(parsed.data.reason) } } : refuse(call, parsed.error.message);
    }
    default:
      return refuse(call, 'a sandbox has no such call.');
  }
}

function refuse(call: string, reason: string): Answer<never> {
  return { ok: false, problem: describeProblem('input-invalid', { what: `The call ${call}`, reason }) };
}
