/** hrw way test, hrw way change */
import type { Command } from 'commander';
import type { WayTest, WorkerState } from '../../../src-contract/engine-calls.ts';
import type { ProxySettings, Trust } from '../../../src-contract/settings.ts';
import { AppError } from '../../../src-contract/app-error.ts';
import { exitCodes, type CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import { describeState } from './describe-worker.ts';
import { addWayOptions, readProxy, readTrust, showProgress, type WayOptions } from './way-options.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, workerAction, type WorkerRun } from './worker-options.ts';

type ChangeOptions = WayOptions & { dryRun?: boolean };

export function addWayCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  const way = program.command('way').description('the way to the service: whom to trust, through which proxy');

  addWayOptions(addWorkerOptions(way.command('test')))
    .description('is the service reached in this way? Nothing is changed; what is not given is as it is')
    .option('--service-url <url>', 'another service than the one that this machine is connected to')
    .addHelpText('after', '\nExamples:\n  hrw way test\n  hrw way test --proxy system\n')
    .action(
      workerAction<WayOptions & { serviceUrl?: string }>(io, access, async ({ options, ask, print }) => {
        const { connection: known } = await ask('worker:state', {});
        const serviceUrl = options.serviceUrl ?? known?.serviceUrl;
        if (serviceUrl === undefined)
          throw new WrongUse('This machine is connected to no workspace: name the service, --service-url URL.');
        const found = await ask('connection:test', {
          serviceUrl,
          trust: readTrust(options) ?? known?.trust ?? { kind: 'system' },
          proxy: (await readProxy(options, io)) ?? known?.proxy ?? { kind: 'none' },
        });
        print(found, describeTest(found, serviceUrl));
        if (found.problem !== null) io.setExitCode(exitCodes.refused);
      }),
    );

  addWayOptions(addWorkerOptions(way.command('change')))
    .description(
      'change trust or proxy; tried first, and kept only when the service is reached. No key is needed, nothing restarts',
    )
    .option('--dry-run', 'only say what would change')
    .addHelpText(
      'after',
      '\nExamples:\n  hrw way change --proxy system\n  hrw way change --proxy http://proxy.contoso.com:3128 --proxy-user worker --proxy-password-file -\n  hrw way change --ca new-authority.pem\n',
    )
    .action(
      workerAction<ChangeOptions>(io, access, async (run) => {
        const { options, ask, asJson, print, worker } = run;
        const known = await connectionOf(run);
        const trust = readTrust(options);
        const proxy = await readProxy(options, io);
        if (trust === undefined && proxy === undefined)
          throw new WrongUse(
            'Say what is to change: --proxy URL|system|none, --ca FILE, --fingerprint SHA-256 or --system-trust.',
          );
        const next = { trust: trust ?? known.trust, proxy: proxy ?? known.proxy };
        const changes = changesOf(known, next);
        if (options.dryRun === true) {
          print({ changes }, changes.length === 0 ? 'Nothing would change.\n' : describeChanges(changes));
          return;
        }
        if (!asJson) io.stderr.write(describeChanges(changes));
        const stop = showProgress(worker, io, asJson);
        try {
          const state = await ask('connection:change', next);
          print(state, describeState(state));
        } finally {
          stop();
        }
      }),
    );
}

type Connection = NonNullable<WorkerState['connection']>;

async function connectionOf({ ask }: WorkerRun<object>): Promise<Connection> {
  const { connection } = await ask('worker:state', {});
  if (connection === null) throw new AppError('not-connected', {});
  return connection;
}

interface Change {
  what: 'trust' | 'proxy';
  from: string;
  to: string;
}

function changesOf(known: Pick<Connection, 'trust' | 'proxy'>, next: { trust: Trust; proxy: ProxySettings }): Change[] {
  const changes: Change[] = [];
  if (JSON.stringify(known.trust) !== JSON.stringify(next.trust))
    changes.push({ what: 'trust', from: trustInWords(known.trust), to: trustInWords(next.trust) });
  if (JSON.stringify(known.proxy) !== JSON.stringify(next.proxy))
    changes.push({ what: 'proxy', from: proxyInWords(known.proxy), to: proxyInWords(next.proxy) });
  return changes;
}

function trustInWords(trust: Trust): string {
  if (trust.kind === 'fingerprint') return `the certificate ${trust.sha256}`;
  return trust.kind === 'system' ? 'the system’s authorities' : 'one authority, from a file';
}

function proxyInWords(proxy: ProxySettings): string {
  if (proxy.kind !== 'manual') return proxy.kind === 'none' ? 'none' : 'the system’s';
  const user = proxy.userName === undefined ? '' : ` as ${proxy.userName}`;
  return `${proxy.url}${user}${proxy.password === undefined ? '' : ', with another password'}`;
}

function describeChanges(changes: readonly Change[]): string {
  return plainText(changes.map(({ what, from, to }) => `${what}: ${from} -> ${to}\n`).join(''));
}

const stageWords: Record<WayTest['stages'][number]['stage'], string> = {
  name: 'name found',
  reached: 'connected',
  proxy: 'proxy reached',
  tunnel: 'proxy lets through',
  encrypted: 'TLS open, certificate trusted',
  answer: 'the service answered',
};

function describeTest({ proxy, because, stages, certificate, problem }: WayTest, serviceUrl: string): string {
  const lines = [`Through ${proxy ?? 'no proxy'}${because === null ? '' : ` (${because})`} to ${serviceUrl}:`];
  for (const { stage, tookMs } of stages) lines.push(`  done    ${stageWords[stage]} (${String(tookMs)} ms)`);
  if (certificate !== null) lines.push(`  issued by ${certificate.issuer}, SHA-256 ${certificate.fingerprint}`);
  if (problem !== null) lines.push(`  failed  ${problem.title}.`, `          ${problem.text}`, `          ${problem.nextStep}`);
  return plainText(`${lines.join('\n')}\n`);
}
