/** Starting jobs from the desktop: where the token is, to whom it is given, and what is asked of the service with it. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ServiceAddress } from '../../src-main/shell/service-desk.ts';
import { ServiceDesk } from '../../src-main/shell/service-desk.ts';
import { TokenSafe, type Cipher } from '../../src-main/shell/token-safe.ts';
import { Refused } from '../../src-contract/refused.ts';
import { ServiceClient } from '../../src-main/rest-client/service-client.ts';
import { FakeService } from '../fakes/window/fake-service.ts';
import { FakeWorker, type Scenario } from '../fakes/window/fake-worker.ts';
import { connection, sampleId } from '../fakes/window/samples.ts';
import { scenarios } from '../fakes/window/scenarios.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** Turns bytes round: enough to see which of the two stands in the file. */
const turning: Cipher = {
  encrypt: (text) => Buffer.from(text).reverse(),
  decrypt: (bytes) => Buffer.from(bytes).reverse().toString(),
};
const address = 'https://automation.contoso.example:8444';
const token = 'token-of-an-operator';

async function makeSafe(cipher?: Cipher): Promise<{ safe: TokenSafe; file: string; folder: string }> {
  const folder = await tempFolder();
  const now = (): Date => new Date('2026-11-23T09:30:00Z');
  return { safe: new TokenSafe({ folder, cipher: () => cipher, now }), file: path.join(folder, 'service-token.json'), folder };
}

describe('a kept token', () => {
  it('is encrypted where the operating system can, and comes back', async () => {
    const { safe, file } = await makeSafe(turning);
    expect(safe.wouldKeep()).toBe('encrypted');
    safe.keep(address, token);
    expect(readFileSync(file, 'utf8')).not.toContain(token);
    expect(safe.read(address)).toEqual({ token, how: 'encrypted', file, since: '2026-11-23T09:30:00.000Z' });
  });

  it.skipIf(process.platform === 'win32')('is else in a file that only its owner may read, whatever lay there', async () => {
    const { safe, file } = await makeSafe();
    writeFileSync(`${file}.new`, 'left behind', { mode: 0o666 });
    expect(safe.wouldKeep()).toBe('file');
    safe.keep(address, token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(safe.read(address)).toMatchObject({ token, how: 'file' });
  });

  it('of an application that was killed as it wrote is removed by the next one', async () => {
    const { file, folder } = await makeSafe();
    writeFileSync(`${file}.new`, token);
    const next = new TokenSafe({ folder, cipher: () => undefined, now: () => new Date() });
    expect(next.read(address)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is given to no other address', async () => {
    const { safe } = await makeSafe(turning);
    safe.keep(address, token);
    expect(safe.read('https://elsewhere.example')).toBeUndefined();
  });

  it('is as good as none when it cannot be read, or its keyring is gone', async () => {
    const { safe, file, folder } = await makeSafe(turning);
    expect(safe.read(address)).toBeUndefined();
    safe.keep(address, token);
    const without = new TokenSafe({ folder, cipher: () => undefined, now: () => new Date() });
    expect(without.read(address)).toBeUndefined();
    writeFileSync(file, '{"torn');
    expect(safe.read(address)).toBeUndefined();
  });

  it('is gone when it is forgotten, also twice', async () => {
    const { safe } = await makeSafe();
    safe.keep(address, token);
    safe.forget();
    safe.forget();
    expect(safe.read(address)).toBeUndefined();
  });

  it('that cannot be written is an answer, and nothing is left of it', async () => {
    const { safe, file } = await makeSafe();
    mkdirSync(file);
    mkdirSync(path.join(file, 'inside'));
    expect(() => safe.keep(address, token)).toThrow('It cannot be written');
    expect(() => statSync(`${file}.new`)).toThrow('ENOENT');
  });
});

describe('the desk', () => {
  async function make(scenario: Scenario = scenarios.filled()) {
    const { safe } = await makeSafe();
    const service = new FakeService();
    const close = vi.fn();
    const openService = vi.fn((_address: ServiceAddress, given: string) =>
      Promise.resolve({ client: new ServiceClient(service, given), close }),
    );
    const worker = new FakeWorker(scenario);
    const desk = new ServiceDesk({ worker, safe, openService });
    return { desk, safe, service, openService, close, answers: desk.answers };
  }
  const start = { jobName: sampleId(1), runbook: 'Test-Certificates', runOn: 'datacenter-east', parameters: {} };

  it('knows the service from the registration, and says when there is none', async () => {
    expect(await (await make()).answers['service:access']({})).toMatchObject({
      service: { restApiUri: address, accountName: 'contoso-operations', groupName: 'datacenter-east' },
      kept: null,
      wouldKeep: 'file',
    });
    const { answers } = await make(scenarios.joinable());
    expect(await answers['service:access']({})).toMatchObject({ service: null });
    await expect(answers['service:choices']({})).rejects.toMatchObject({ code: 'not-registered' });
    const silent = await make({ ...scenarios.filled(), restApiUri: null });
    expect(await silent.answers['service:access']({})).toMatchObject({ service: null });
  });

  it('keeps a token only when the service has accepted it, and never hands it out', async () => {
    const { answers, safe, openService, close } = await make();
    await expect(answers['service:keep-token']({ token: 'nonsense' })).rejects.toBeInstanceOf(Refused);
    expect(safe.read(address)).toBeUndefined();
    expect(close).toHaveBeenCalledOnce();
    const access = await answers['service:keep-token']({ token: ` ${token}\n` });
    expect(access.kept).toMatchObject({ how: 'file' });
    expect(JSON.stringify(access)).not.toContain(token);
    const { trust, proxy } = connection;
    expect(openService).toHaveBeenLastCalledWith({ url: address, trust, proxy }, token);
  });

  it('refuses to ask without a token', async () => {
    const { answers, openService } = await make();
    await expect(answers['service:start-job'](start)).rejects.toMatchObject({ code: 'token-refused' });
    expect(openService).not.toHaveBeenCalled();
  });

  it('offers published runbooks by name, and the groups', async () => {
    const { answers } = await make();
    await answers['service:keep-token']({ token });
    const { runbooks, groups } = await answers['service:choices']({});
    expect(runbooks.map(({ name }) => name)).toEqual(['Copy-LocalFiles', 'Rotate-Logs', 'Test-Certificates']);
    expect(groups.map(({ name }) => name)).toEqual(['datacenter-east', 'datacenter-west']);
  });

  it('starts a job, reads it without its parameters, its records from any place on, and stops it', async () => {
    const { answers, service, openService } = await make();
    await answers['service:keep-token']({ token });
    const started = await answers['service:start-job']({ ...start, parameters: { Secret: 'x' } });
    expect(started).toMatchObject({ name: start.jobName, status: 'New' });
    expect(started).not.toHaveProperty('parameters');
    service.write(start.jobName, ['one', 'two', 'three']);
    const records = { jobName: start.jobName, attempt: 1, limit: 2000 };
    const all = await answers['service:records']({ ...records, from: 0 });
    expect(all).toMatchObject({ next: 3, records: [{ seq: 0, text: 'one' }, { seq: 1 }, { seq: 2, text: 'three' }] });
    expect(await answers['service:records']({ ...records, from: 2 })).toMatchObject({ next: 3, records: [{ text: 'three' }] });
    expect(await answers['service:records']({ ...records, from: 3 })).toMatchObject({ next: 3, records: [] });
    expect(await answers['service:stop-job']({ jobName: start.jobName })).toMatchObject({ status: 'Stopped' });
    // One to try the token, one for everything after.
    expect(openService).toHaveBeenCalledTimes(2);
  });

  it('passes on what the service refuses, in its words', async () => {
    const { answers } = await make();
    await answers['service:keep-token']({ token: 'token-of-a-reader' });
    await expect(answers['service:start-job'](start)).rejects.toMatchObject({ problem: { code: 'role-too-low' } });
  });

  it('closes what it has open when the token changes or goes', async () => {
    const { answers, close, desk } = await make();
    await answers['service:keep-token']({ token });
    await answers['service:choices']({});
    close.mockClear();
    await answers['service:forget-token']({});
    await vi.waitFor(() => expect(close).toHaveBeenCalledOnce());
    await expect(answers['service:choices']({})).rejects.toMatchObject({ code: 'token-refused' });
    desk.close();
  });
});
