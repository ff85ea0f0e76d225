/** hrw connect, disconnect, register, unregister */
import path from 'node:path';
import type { Command } from 'commander';
import type { WorkerState } from '../../../src-contract/engine-calls.ts';
import { workerPackName } from '../../../src-contract/packs.ts';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import { describeState } from './describe-worker.ts';
import { addWayOptions, readProxy, readSecret, readTrust, showProgress, type WayOptions } from './way-options.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, workerAction, type WorkerRun } from './worker-options.ts';

interface ConnectOptions extends WayOptions {
  serviceUrl: string;
  workspaceId: string;
  workspaceKeyFile: string;
  wait: boolean;
}
interface RegisterOptions {
  group: string;
  endpoint: string;
  tokenFile: string;
}
interface UnregisterOptions {
  tokenFile?: string;
  local?: boolean;
}

/** The first list of packs comes at once, and a pack is some kilobytes: longer means that it was not given to the workspace. */
const packWaitMs = 30_000;

export function addConnectionCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  addWayOptions(addWorkerOptions(program.command('connect')))
    .description('connect this machine to a workspace, and wait for the pack that makes it able to register')
    .requiredOption('--service-url <url>', 'the service’s agent address, https://host:port')
    .requiredOption('--workspace-id <id>', 'the workspace')
    .requiredOption('--workspace-key-file <file>', 'file that holds the workspace key; - reads it from standard input')
    .option('--no-wait', 'do not wait for the pack')
    .addHelpText(
      'after',
      '\nExample:\n  hrw connect --service-url https://automation.contoso.com:8443 --workspace-id 1f6c… --workspace-key-file key.txt --ca ca.pem\n',
    )
    .action(
      workerAction<ConnectOptions>(io, access, async (run) => {
        const { options, worker, ask } = run;
        const workspaceKey = await readSecret(options.workspaceKeyFile, '--workspace-key-file', io);
        const stop = showProgress(worker, io, run.asJson);
        try {
          await ask('connection:connect', {
            workspaceId: options.workspaceId,
            workspaceKey,
            serviceUrl: requireHttps(options.serviceUrl),
            trust: readTrust(options) ?? { kind: 'system' },
            proxy: (await readProxy(options, io)) ?? { kind: 'none' },
          });
        } finally {
          stop();
        }
        const hasPack = options.wait ? await waitForPack(run) : true;
        const state = await ask('worker:state', {});
        const hint = hasPack
          ? `\n${describeModulePath(state)}`
          : `\nThe pack ${workerPackName} has not come yet; until it does, this machine cannot register.\n`;
        run.print(state, `${describeState(state)}${hint}`);
      }),
    );

  addWorkerOptions(program.command('module-path'))
    .description('print the line by which PowerShell finds the module HybridRegistration by its name')
    .addHelpText('after', '\nExample:\n  hrw module-path >> $PROFILE\n')
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const state = await ask('worker:state', {});
        print({ folder: modulesFolder(state), line: modulePathLine(state) }, `${modulePathLine(state)}\n`);
      }),
    );

  addWorkerOptions(program.command('disconnect'))
    .description('leave the workspace; refused while this machine is in a worker group (leave that first: hrw unregister)')
    .addHelpText('after', '\nExample:\n  hrw disconnect\n')
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const state = await ask('connection:disconnect', {});
        print(state, describeState(state));
      }),
    );

  addWorkerOptions(program.command('register'))
    .description('register this machine in a worker group of an automation account')
    .requiredOption('--group <name>', 'the worker group; it is made when it is not there')
    .requiredOption('--endpoint <url>', 'the account’s URL, https://host:port/accounts/…')
    .requiredOption('--token-file <file>', 'file that holds one of the account’s keys; - reads it from standard input')
    .addHelpText(
      'after',
      '\nExample:\n  hrw register --group OnPremLab --endpoint https://automation.contoso.com:8443/accounts/bd12… --token-file -\n',
    )
    .action(
      workerAction<RegisterOptions>(io, access, async ({ options, worker, ask, print, asJson }) => {
        const token = await readSecret(options.tokenFile, '--token-file', io);
        const stop = showProgress(worker, io, asJson);
        try {
          const state = await ask('registration:register', { groupName: options.group, endpoint: options.endpoint, token });
          print(state, describeState(state));
        } finally {
          stop();
        }
      }),
    );

  addWorkerOptions(program.command('unregister'))
    .description('leave the worker group')
    .option('--token-file <file>', 'file that holds one of the account’s keys; - reads it from standard input')
    .option('--local', 'forget it here only: the service cannot be reached, or no longer knows this machine')
    .addHelpText('after', '\nExamples:\n  hrw unregister --token-file key.txt\n  hrw unregister --local\n')
    .action(
      workerAction<UnregisterOptions>(io, access, async ({ options, worker, ask, print, asJson }) => {
        const local = options.local === true;
        if (local === (options.tokenFile !== undefined)) {
          throw new WrongUse('Give either --token-file FILE (the account is told) or --local (it is not).');
        }
        const token = options.tokenFile === undefined ? null : await readSecret(options.tokenFile, '--token-file', io);
        const stop = showProgress(worker, io, asJson);
        try {
          const state = await ask('registration:unregister', { token, local });
          print(state, describeState(state));
        } finally {
          stop();
        }
      }),
    );
}

/** Where packs are unpacked: each is a PowerShell module. */
function modulesFolder({ dataFolder }: WorkerState): string {
  return path.join(dataFolder, 'AzureAutomationFiles');
}

/** For PowerShell on every system; a quotation mark in a path is doubled. */
function modulePathLine(state: WorkerState): string {
  return `$env:PSModulePath = '${modulesFolder(state).replaceAll("'", "''")}' + [IO.Path]::PathSeparator + $env:PSModulePath`;
}

function describeModulePath(state: WorkerState): string {
  return plainText(
    `PowerShell finds the module HybridRegistration after this line, which may stand in a profile:\n  ${modulePathLine(state)}\n`,
  );
}

async function waitForPack({ worker, ask }: WorkerRun<object>): Promise<boolean> {
  let wake: (found: boolean) => void = () => undefined;
  const came = new Promise<boolean>((resolve) => {
    wake = resolve;
  });
  const unsubscribe = worker.subscribe((event) => {
    if (event.event === 'worker-changed' && hasPack(event.payload)) wake(true);
  });
  const timer = setTimeout(() => {
    wake(false);
  }, packWaitMs);
  try {
    if (hasPack(await ask('worker:state', {}))) return true;
    return await Promise.race([came, worker.ended.then(() => false)]);
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}

function hasPack(state: { packs: readonly { name: string }[] }): boolean {
  return state.packs.some((pack) => pack.name === workerPackName);
}

function requireHttps(url: string): string {
  if (/^http:\/\//i.test(url)) throw new WrongUse(`--service-url ${url}: the service speaks HTTPS. Use https://${url.slice(7)}`);
  return url;
}
