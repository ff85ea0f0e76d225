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
import { collectBundle } from '../../src-main/support-bundle/contents.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { startScriptedProxy } from '../fakes/scripted-proxy.ts';
import { findRuntime, requireRuntime } from '../harness/runtimes.ts';
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
    return entry.isFile() ? findIn(canaries, path.relative(folder, file), readIfThere(file)) : [];
  });
}

/** Nothing for a file that a living worker has removed since it was listed. */
function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
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

/** File and secret. The administrator's token is written once, for whoever starts the service the first time. */
const whereSecretsAre = [
  'service/ready.json: administratorToken',
  'worker/secrets/agent.key.pem: agentKey',
  'worker/secrets/proxy-password: proxyPassword',
  'worker/secrets/worker.key.pem: workerKey',
];

interface Curious {
  name: string;
  kind: Parameters<typeof publishRunbook>[2];
  script: string;
}

/** Each looks at what it was started with, or has its assets given to it and says them aloud; then it says `done` and waits for the gate. */
const lookAround: Curious = {
  name: 'look-around',
  kind: 'Bash',
  script:
    'env; cat /proc/self/environ | tr "\\0" "\\n"; tr "\\0" " " < /proc/$PPID/cmdline; echo; echo done; while [ ! -e "$1" ]; do sleep 0.05; done',
};
const tellInPython: Curious = {
  name: 'tell-in-python',
  kind: 'Python3',
  script: `
import automationassets, os, sys, time
login = automationassets.get_automation_credential("Login")
hidden = automationassets.get_automation_variable("Hidden")
print("variable", len(hidden), hidden)
print("credential", len(login["password"]), login)
print("to its errors", hidden, login["password"], file=sys.stderr)
os.environ["KEPT_BY_THE_RUNBOOK"] = "nothing"
print(os.environ)
print("done")
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
`,
};
/** The kind that has a console beside its records. */
const tellInPowerShell: Curious = {
  name: 'tell-in-powershell',
  kind: 'PowerShell7',
  script: `param([string] $Gate)
$hidden = Get-AutomationVariable -Name Hidden
$password = (Get-AutomationPSCredential -Name Login).GetNetworkCredential().Password
"variable $($hidden.Length) $hidden"
"credential $($password.Length) $password"
Write-Host "to its host $hidden $password"
[Console]::Out.WriteLine("to its console $hidden $password")
Write-Progress -Activity $hidden -Status $password
Write-Warning "warned of $password"
Get-ChildItem Env: | Out-String
'done'
while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 50 }
`,
};

describe('secrets of a worker and its service', () => {
  it('are where they have to be, and nowhere else, while jobs run that were given them, and afterwards', async (context) => {
    requireRuntime(context, 'python3');
    const curious = [lookAround, tellInPython, ...(findRuntime('pwsh') === undefined ? [] : [tellInPowerShell])];
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
    const hidden = { value: variable, isEncrypted: true };
    await service.rest.call('variables:put', { params: { ...params, assetName: 'Hidden' }, body: hidden });
    await service.rest.call('credentials:put', {
      params: { ...params, assetName: 'Login' },
      body: { userName: 'somebody', password: credential },
    });
    const gate = path.join(folder, 'gate');
    for (const { name, kind, script } of curious) await publishRunbook(service, name, kind, script);

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

    unwrap(await control.call('settings:change', { limit: curious.length }));
    // Also where this test fails, or the sandboxes outlive it.
    onTestFinished(() => writeFile(gate, ''));
    for (const [index, { name }] of curious.entries()) {
      const jobName = `0c0d0e0f-0000-4000-8000-00000000004${index}`;
      const body = { runbook: { name }, parameters: { Gate: gate }, runOn: 'canaries' };
      await service.rest.call('jobs:start', { params: { ...params, jobName }, body });
    }
    const jobs = await waitFor('the runbooks', 60, async () => {
      const running = unwrap(await control.call('jobs:running', {}));
      const pages = await Promise.all(
        running.map(({ sandboxId }) => control.call('jobs:records', { sandboxId, from: 0, limit: 1000 })),
      );
      const done = pages.filter((page) => unwrap(page).records.some(({ text }) => text === 'done'));
      return done.length === curious.length ? running : undefined;
    });
    // The sandboxes have their secrets from the service, the proxy's password from the hand-over, the assets from the service; all in memory alone.
    expect(findInProcesses(canaries)).toEqual([]);
    for (const call of ['worker:state', 'settings:get', 'jobs:running'] as const)
      told.push(JSON.stringify(await control.call(call, {})));
    for (const { sandboxId, hasConsole } of jobs) {
      told.push(JSON.stringify(unwrap(await control.call('jobs:records', { sandboxId, from: 0, limit: 1000 }))));
      if (hasConsole) {
        const { piece } = unwrap(await control.call('jobs:console', { sandboxId, from: 0 }));
        told.push(Buffer.from(piece?.bytes ?? '', 'base64').toString());
      }
    }
    told.push(JSON.stringify(await control.call('events:list', { channel: null, limit: 1000, before: null })));
    const all = told.join('\n');
    expect(all).toContain('AUTOMATION_JOB_ID');
    // They were given what they had asked for, and what they said of it was masked.
    expect(all).toContain(`variable ${variable.length} ***`);
    expect(all).toContain(`credential ${credential.length} `);
    if (curious.includes(tellInPowerShell)) expect(all).toContain('to its console *** ***');
    expect(findIn(canaries, 'what the window is told', all)).toEqual([]);
    expect(findIn({ turn: (await readFile(workerTurn, 'utf8')).trim() }, 'what the window is told', all)).toEqual([]);
    expect(
      findInFiles(canaries, folder)
        .map(({ canary, where }) => `${where}: ${canary}`)
        .sort(),
    ).toEqual(whereSecretsAre);

    await writeFile(gate, '');
    await waitForState(control, 'the end', (state) => state.running === 0);
    for (const { jobId: jobName } of jobs) {
      const query = { limit: 500 };
      const job = await service.rest.call('jobs:get', { params: { ...params, jobName } });
      expect([job.status, job.verified]).toEqual(['Completed', true]);
      const streams = await service.rest.call('jobs:streams', { params: { ...params, jobName }, query });
      expect(findIn(canaries, 'what the service tells of a job', JSON.stringify([job, streams]))).toEqual([]);
    }
    const bundle = await collectBundle((name, given) => control.call(name, given), new Date());
    expect(bundle.flatMap(({ name, content }) => findIn(canaries, `${name} of the support bundle`, content))).toEqual([]);
    await worker.program.stop();
    expect(
      findInFiles(canaries, folder)
        .map(({ canary, where }) => `${where}: ${canary}`)
        .sort(),
    ).toEqual(whereSecretsAre);
    for (const place of whereSecretsAre) {
      const [where = ''] = place.split(': ');
      expect(execFileSync('stat', ['-c', '%a', path.join(folder, where)], { encoding: 'utf8' }).trim()).toBe('600');
    }
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
