/** No secret leaves in a support bundle: planted wherever one could be met, and looked for in every byte of the zip. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { collectBundle } from '../../src-main/support-bundle/contents.ts';
import { writeBundle } from '../../src-main/support-bundle/write-bundle.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const canary = (where: string): string => `canary-${where}-7Qz`;
/** Words of no special shape: nothing but knowing where they stand can keep them out. */
const planted = ['output', 'exception', 'parameter', 'secret-parameter', 'proxy-password', 'user-info', 'bearer', 'assigned'].map(
  canary,
);

let service: Service;
let account: Account;
const workers: TestWorker[] = [];

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  await publishRunbook(service, 'leak', 'Bash', `echo ${canary('output')}; echo "no: ${canary('exception')}" >&2; exit 3\n`);
});
afterAll(() => service.stop());
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

async function filesIn(zipFile: string): Promise<Map<string, string>> {
  const zip = await openPromise(zipFile, { autoClose: false });
  const files = new Map<string, string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const pieces: Buffer[] = [];
      for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
      files.set(entry.fileName, Buffer.concat(pieces).toString());
    }
  } finally {
    zip.close();
  }
  return files;
}

describe('a support bundle of a worker that has met secrets', () => {
  it('holds what helps, and none of them', async () => {
    const worker = await TestWorker.start(path.join(await tempFolder(), 'worker'));
    workers.push(worker);
    await worker.connect(service, account);
    await worker.register(account, 'bundled');
    const layout = dataLayout(worker.dataFolder);
    await writeFile(layout.proxyPasswordFile, canary('proxy-password'), { mode: 0o600 });
    worker.host.reportFault(
      new Error(
        `GET https://ana:${canary('user-info')}@host failed; Authorization: Bearer ${canary('bearer')}; password=${canary('assigned')}`,
      ),
      'plant a secret',
    );
    const jobName = randomUUID();
    const parameters = { Place: canary('parameter'), Password: canary('secret-parameter') };
    await service.rest.call('jobs:start', {
      params: { accountName, jobName },
      body: { runbook: { name: 'leak' }, parameters, runOn: 'bundled' },
    });
    const ended = await waitFor('the job', 30, async () => {
      const answer = await worker.call('jobs:get', { id: jobName });
      return answer.ok && answer.value.phase === 'ended' ? answer.value : undefined;
    });
    // They were met, or their absence below would prove nothing.
    expect(ended.outcomeReason).toContain(canary('exception'));
    expect(ended.parameters['Place']).toBe(canary('parameter'));
    expect((await worker.events()).map(({ message }) => message).join()).toContain(canary('user-info'));

    const zipFile = path.join(await tempFolder(), 'support.zip');
    const now = new Date();
    const collected = await collectBundle((name, given) => worker.call(name, given), now);
    const bytes = await writeBundle(zipFile, collected, now);
    expect((await readFile(zipFile)).length).toBe(bytes);
    const files = await filesIn(zipFile);
    expect([...files.keys()]).toEqual(collected.map(({ name }) => name));
    for (const { name, content } of collected) expect(files.get(name)).toBe(content.toString());

    const keys = await Promise.all(
      [layout.secretsFolder, layout.controlFolder].map(async (folder) => {
        const names = (await readdir(folder)).filter((name) => name.includes('key'));
        return Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
      }),
    );
    const lines = keys.flat(2).flatMap((text) => text.split('\n').filter((line) => line.length > 20 && !line.startsWith('---')));
    expect(lines.length).toBeGreaterThan(4);
    const everything = [...files.values(), (await readFile(zipFile)).toString('latin1')].join('\n');
    for (const secret of [...planted, account.workspaceKey, account.accountKey, ...lines])
      expect(everything).not.toContain(secret);

    expect(files.get('events.ndjson')).toMatch(/"id":15005.*"id":15007.*"id":3182/s);
    expect(files.get('events.ndjson')).toContain('[reason left out]');
    expect(files.get('jobs.json')).toContain(jobName);
    expect(files.get('settings.json')).toContain('"groupName": "bundled"');
    expect(files.get('diagnosis.txt')).toContain('Service reachable: good.');
  });

  it('is not left half written where it cannot be written', async () => {
    const folder = await tempFolder();
    const file = path.join(folder, 'no', 'such', 'folder.zip');
    await expect(writeBundle(file, [{ name: 'a', about: 'b', content: Buffer.from('c') }], new Date())).rejects.toMatchObject({
      code: 'input-invalid',
    });
    expect(await readdir(folder)).toEqual([]);
  });
});
