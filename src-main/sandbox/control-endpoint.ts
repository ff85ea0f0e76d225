/** Where the engine reaches this sandbox: a line channel whose key lies in the sandbox's folder. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Answer } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { sandboxCalls, type SandboxReport } from '../../src-contract/sandbox.ts';
import { channelAddress } from '../channel/channel-address.ts';
import { serveLineChannel } from '../channel/line-channel-server.ts';
import type { ConsoleView } from './console-view.ts';
import type { Permission } from './permission.ts';
import { consoleColumns, consoleRows } from './pseudo-terminal.ts';
import type { UsageMeter } from './usage-meter.ts';

/** The one role; whoever can read the key has it. */
const role = 'engine';

const consoleIntervalMs = 100;

export interface ControlEndpointOptions {
  folder: string;
  report: () => SandboxReport;
  view: ConsoleView;
  usage: UsageMeter;
  permission: Permission;
  stop: (reason: string) => boolean;
  onFault: (error: unknown) => void;
}

export interface ControlEndpoint {
  address: string;
  publish: (report: SandboxReport) => void;
  /** The console has grown. */
  publishConsole: () => void;
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
  let timer: NodeJS.Timeout | undefined;
  return {
    address: server.address,
    publish: (report) => server.publish('report', report),
    publishConsole() {
      timer ??= setTimeout(() => {
        timer = undefined;
        server.publish('console', { next: options.view.next });
      }, consoleIntervalMs);
    },
    async close() {
      clearTimeout(timer);
      await server.close();
    },
  };
}

function answer(
  { report, view, usage, permission, stop }: ControlEndpointOptions,
  call: string,
  given: unknown,
): Answer<unknown> {
  switch (call) {
    case 'sandbox:report': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      return parsed.success ? { ok: true, value: report() } : refuse(call, parsed.error.message);
    }
    case 'sandbox:console': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      if (!parsed.success) return refuse(call, parsed.error.message);
      const { from, next, bytes } = view.read(parsed.data.from);
      const value = { from, next, bytes: bytes.toString('base64'), columns: consoleColumns, rows: consoleRows };
      return { ok: true, value };
    }
    case 'sandbox:usage': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      if (!parsed.success) return refuse(call, parsed.error.message);
      return { ok: true, value: { samples: usage.read(parsed.data.since) } };
    }
    case 'sandbox:question': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      return parsed.success ? { ok: true, value: { question: permission.question } } : refuse(call, parsed.error.message);
    }
    case 'sandbox:answer': {
      const parsed = sandboxCalls[call].arguments.safeParse(given);
      if (!parsed.success) return refuse(call, parsed.error.message);
      return { ok: true, value: { accepted: permission.answer(parsed.data.sha256, parsed.data.allow) } };
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
