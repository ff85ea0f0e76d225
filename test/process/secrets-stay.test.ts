/**
 * Secrets are planted everywhere that they may be, and then looked for everywhere that they must not be: in every file that worker and service
 * leave, in the environment and the command line of every process, in a live runbook, and in everything that the window is told.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeProblem } from '../../src-contract/problems.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { startScriptedProxy } from '../fakes/scripted-proxy.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';
import {
  accountName,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  waitFor,
  waitForState,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** Name → text. Each is long and random enough to be found nowhere by chance. */
type Canaries = Record<string, string>;

interface Finding {
  canary: string;
  where: string;
}

function findIn(canaries: Canaries, where: string, content: Buffer | string): Finding[] {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content);
  return Object.entries(canaries).flatMap(([canary, text]) => {
    const forms = [text, Buffer.from(text).toString('base64').replace(/=+$/, ''), encodeURIComponent(text)];
    return forms.some((form) => bytes.includes(form)) ? [{ canary, where }] : [];
  });
}

function findInFiles(canaries: Canaries, folder: string): Finding[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    // A named pipe would hold us, a socket cannot be read.
    return entry.isFile() ? findIn(canaries, path.relative(folder, file), readFileSync(file)) : [];
  });
}

/** Of every process of this machine, but for this one, which planted them. */
function findInProcesses(canaries: Canaries): Finding[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) =>
      ['environ', 'cmdline'].flatMap((name) => {
        try {
          return findIn(canaries, `${name} of ${pid}`, readFileSync(`/proc/${pid}/${name}`));
        } catch {
          return []; // It has ended meanwhile.
        }
      }),
    );
}

/** A line from the middle: the first ones of all keys of a kind are alike. */
function middleOf(pem: string): string {
  const lines = pem.trim().split('\n');
  return lines[Math.floor(lines.length / 2)] ?? '';
}

describe('secrets of a worker and its service', () => {
  it('are where they have to be, and nowhere else, while a job runs and afterwards', async () => {
    const folder = await tempFolder();
    const proxyPassword = 'canary-proxy-8f2b61c4e07d';
    const variable = 'canary-variable-51f0c3a89be2';
    const credential = 'canary-credential-c07d9e1ab344';
    const proxy = await startScriptedProxy({ credentials: { userName: 'worker', password: proxyPassword } });
    onTestFinished(() => proxy.close());
    const service = await startService(path.join(folder, 'service'));
    onTestFinished(() => service.stop());
    const account = await makeAccount(service);
    const { token } = await service.rest.call('tokens:create', { body: { name: 'canary', role: 'operator' } });
    const params = { accountName };
    const value = JSON.stringify(variable);
    await service.rest.call('variables:put', { params: { ...params, assetName: 'Hidden' }, body: { value, isEncrypted: true } });
    await service.rest.call('credentials:put', {
      params: { ...params, assetName: 'Login' },
      body: { userName: 'somebody', password: credential },
    });
    const gate = path.join(folder, 'gate');
    const script =
      'env; cat /proc/self/environ | tr "\\0" "\\n"; tr "\\0" " " < /proc/$PPID/cmdline; echo listed; while [ ! -e "$1" ]; do sleep 0.05; done';
    await publishRunbook(service, 'look-around', 'Bash', script);

    const data = path.join(folder, 'worker');
    const worker = await startHeadlessWorker(data, path.join(folder, 'worker.log'));
    onTestFinished(() => worker.program.stop());
    const told: string[] = [];
    worker.control.subscribe((event) => told.push(JSON.stringify(event)));
    const { control } = worker;
    const pem = readFileSync(service.ready.caFile, 'utf8');
    unwrap(
      await control.call('connection:connect', {
        workspaceId: account.workspaceId,
        workspaceKey: account.workspaceKey,
        serviceUrl: service.ready.agentUrl,
        trust: { kind: 'authority', pem },
        proxy: { kind: 'manual', url: proxy.url, userName: 'worker', password: proxyPassword },
      }),
    );
    await waitForState(control, 'the pack', (state) => state.packs.length > 0);
    const request = { groupName: 'canaries', endpoint: account.endpoint, token: account.accountKey };
    unwrap(await control.call('registration:register', request));
    const { workerIdentity, agentIdentity, workerTurn } = dataLayout(data);
    const canaries: Canaries = {
      workspaceKey: account.workspaceKey,
      accountKey: account.accountKey,
      restToken: token,
      administratorToken: service.ready.administratorToken ?? 'none',
      proxyPassword,
      variable,
      credential,
      workerKey: middleOf(await readFile(workerIdentity.privateKeyFile, 'utf8')),
      agentKey: middleOf(await readFile(agentIdentity.privateKeyFile, 'utf8')),
    };

    const jobName = '0c0d0e0f-0000-4000-8000-000000000042';
    const body = { runbook: { name: 'look-around' }, parameters: { Gate: gate }, runOn: 'canaries' };
    await service.rest.call('jobs:start', { params: { ...params, jobName }, body });
    const job = await waitFor('the runbook', 60, async () => {
      const [running] = unwrap(await control.call('jobs:running', {}));
      return running?.lastRecord?.text === 'listed' || (running?.recordCount ?? 0) > 10 ? running : undefined;
    });
    // The sandbox has its secret from the service, the proxy's password from the hand-over; both are in its memory alone.
    expect(findInProcesses(canaries)).toEqual([]);
    for (const call of ['worker:state', 'settings:get', 'jobs:running'] as const)
      told.push(JSON.stringify(await control.call(call, {})));
    told.push(JSON.stringify(await control.call('jobs:records', { sandboxId: job.sandboxId, from: 0, limit: 1000 })));
    told.push(JSON.stringify(await control.call('events:list', { channel: null, limit: 1000, before: null })));
    expect(told.join('')).toContain('AUTOMATION_JOB_ID');
    expect(findIn(canaries, 'what the window is told', told.join('\n'))).toEqual([]);
    expect(findIn({ turn: (await readFile(workerTurn, 'utf8')).trim() }, 'what the window is told', told.join('\n'))).toEqual([]);

    await writeFile(gate, '');
    await waitForState(control, 'the end', (state) => state.running === 0);
    await worker.program.stop();
    const places: Record<string, string> = {
      [path.join('worker', 'secrets', 'worker.key.pem')]: 'workerKey',
      [path.join('worker', 'secrets', 'agent.key.pem')]: 'agentKey',
      [path.join('worker', 'secrets', 'proxy-password')]: 'proxyPassword',
      // Written once, for whoever starts the service the first time.
      [path.join('service', 'ready.json')]: 'administratorToken',
    };
    const found = findInFiles(canaries, folder).map(({ canary, where }) => `${where}: ${canary}`);
    expect(found.sort()).toEqual(
      Object.entries(places)
        .map(([where, canary]) => `${where}: ${canary}`)
        .sort(),
    );
    for (const where of Object.keys(places))
      expect(execFileSync('stat', ['-c', '%a', path.join(folder, where)], { encoding: 'utf8' }).trim()).toBe('600');
  }, 240_000);

  it('are found when they are somewhere: the search itself', async () => {
    const folder = await tempFolder();
    const canaries = { canary: 'canary-that-was-left-behind' };
    await writeFile(path.join(folder, 'left'), `x${canaries.canary}y`);
    await writeFile(path.join(folder, 'encoded'), Buffer.from(canaries.canary).toString('base64'));
    expect(
      findInFiles(canaries, folder)
        .map(({ where }) => where)
        .sort(),
    ).toEqual(['encoded', 'left']);
  });
});

describe('the secret of a sandbox', () => {
  it('is in no file, no environment and no command line, and what the runbook was started with does not have it', async () => {
    const secret = Buffer.from('canary-sandbox-secret-77aa12').toString('base64');
    const jrds = await ScriptedJrds.start({
      job: { kind: 'Bash', script: 'env\ncat /proc/self/environ | tr "\\0" "\\n"\necho listed\nsleep 0.5' },
    });
    onTestFinished(() => jrds.close());
    const sandbox = await runSandbox(jrds, { credential: { kind: 'sandbox-secret', secret } });
    await until('the record', () => jrds.records.some(({ text }) => text === 'listed'));
    const canaries = { secret, decoded: Buffer.from(secret, 'base64').toString() };
    expect(findInProcesses(canaries)).toEqual([]);
    expect(findInFiles(canaries, path.join(sandbox.folder, '..', '..'))).toEqual([]);
    expect(await sandbox.ended).toBe(endedWell);
    expect(findInFiles(canaries, path.join(sandbox.folder, '..', '..'))).toEqual([]);
    expect(jrds.records.flatMap(({ text }) => findIn(canaries, 'a record', text))).toEqual([]);
  });

  it('is not in the words of its failures', async () => {
    const secret = 'canary-sandbox-secret-refused';
    const jrds = await ScriptedJrds.start({ job: { kind: 'Bash', script: 'echo never' } });
    onTestFinished(() => jrds.close());
    const refusal = { status: 403, body: describeProblem('resource-unknown', { what: 'sandbox', name: 'x' }) };
    jrds.answerFirst = () => refusal;
    const sandbox = await runSandbox(jrds, { credential: { kind: 'sandbox-secret', secret } });
    expect(await sandbox.ended).not.toBe(endedWell);
    expect(sandbox.lastWords()).not.toBe('');
    expect(findInFiles({ secret }, path.join(sandbox.folder, '..', '..'))).toEqual([]);
  });
});
