/**
 * What sandboxes of a contract version say and write, frozen as files: this engine has to read what is there for its own version and for the one
 * before. Whoever raises the version makes a folder for the new one; files of a version that was released are never changed.
 */
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sandboxAcknowledgement, sandboxContractVersion, sandboxReport, type SandboxReport } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import type { SandboxSnapshot } from '../../src-main/launcher/launcher-listener.ts';
import { Launcher } from '../../src-main/launcher/launcher.ts';
import { launchFacts, mayAdopt } from '../../src-main/launcher/sandbox-folders.ts';
import { SandboxLink } from '../../src-main/launcher/sandbox-link.ts';
import { FakeFinishingService } from '../fakes/finishing-service.ts';
import { waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** There is none before 1. */
const versions = [sandboxContractVersion - 1, sandboxContractVersion].filter((version) => version > 0);
const frozen = (version: number, name: string): string =>
  fileURLToPath(new URL(`../fixtures/contract-${version}/${name}`, import.meta.url));
const readFrozen = async (version: number, name: string): Promise<unknown> =>
  JSON.parse(await readFile(frozen(version, name), 'utf8'));

/** As the first sandboxes of the version wrote them, and as the last ones did. */
const stages = ['-first', ''].filter((stage) => existsSync(frozen(sandboxContractVersion, `report${stage}.json`)));

describe.each(versions)('contract version %d', (version) => {
  it.each(stages)('is read as it was written: report%s', async (stage) => {
    const written = await readFrozen(version, `report${stage}.json`);
    const report = sandboxReport.parse(written);
    expect(report).toMatchObject(written as object);
    expect(mayAdopt(report)).toBe(true);
    const launch = await readFrozen(version, `launch${stage}.json`);
    expect(launchFacts.parse(launch)).toMatchObject(launch as object);
  });

  it.each(stages)('lets a dead sandbox be finished from its files: report%s', async (stage) => {
    const folder = await tempFolder();
    const { jobId } = sandboxReport.parse(await readFrozen(version, `report${stage}.json`));
    const [sandbox, journals] = [path.join(folder, 'sandboxes', 's1'), path.join(folder, 'journals', jobId ?? '')];
    for (const made of [sandbox, journals]) await mkdir(made, { recursive: true });
    await copyFile(frozen(version, `report${stage}.json`), path.join(sandbox, 'state.json'));
    await copyFile(frozen(version, `launch${stage}.json`), path.join(sandbox, 'launch.json'));
    await copyFile(frozen(version, 'attempt.journal'), path.join(journals, 's1.journal'));
    const service = new FakeFinishingService();
    const ends: SandboxSnapshot[] = [];
    const faults: unknown[] = [];
    const nothing = (): void => undefined;
    const launcher = new Launcher({
      sandboxesFolder: path.join(folder, 'sandboxes'),
      journalsFolder: path.join(folder, 'journals'),
      executable: { file: process.execPath, leading: [] },
      environment: {},
      now: () => new Date(),
      sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
      retryDelayMs: () => 10,
      connectService: () => Promise.resolve({ service, close: nothing }),
      listener: {
        countChanged: nothing,
        changed: nothing,
        adopted: nothing,
        notStarted: nothing,
        gone: nothing,
        crashed: nothing,
        ended: (ended) => Promise.resolve(void ends.push(ended)),
        leftoverRemoved: nothing,
        fault: (error) => void faults.push(error),
      },
    });
    onTestFinished(() => launcher.close());
    await launcher.adoptAll();
    const { launch, report } = await waitFor('the end', 10, () => ends[0]);
    expect(launch.groupName).toBe('berlin');
    expect(report).toMatchObject({ jobId, attempt: 1, outcome: 'sandbox-crashed', recordCount: 3, verified: true });
    expect(service.records.map(({ seq, text }) => `${seq} ${text}`)).toEqual(['0 one', '1 two', '2 three']);
    expect(faults).toEqual([]);
  });

  it('lets a living sandbox be followed, read and stopped by what it says', async () => {
    const { hello, answers, events } = (await readFrozen(version, 'conversation.json')) as Conversation;
    const running = sandboxReport.parse(await readFrozen(version, 'report.json'));
    const { process: identity } = sandboxAcknowledgement.parse(await readFrozen(version, 'acknowledgement.json'));
    const key = Buffer.alloc(32, 7);
    const address = path.join(await tempFolder(), 'control.sock');
    const heard: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      const say = (line: unknown): void => void socket.write(`${JSON.stringify(line)}\n`);
      say(hello);
      createInterface({ input: socket }).on('line', (text) => {
        const line = JSON.parse(text) as { nonce?: string; role: string; id: number; call: string };
        if (line.nonce !== undefined) {
          const proof = createHmac('sha256', key).update(`server|${line.nonce}|${hello.nonce}|${line.role}`).digest('hex');
          say({ proof, role: line.role });
          for (const event of events) say(event);
          return;
        }
        heard.push(line.call);
        say({ id: line.id, answer: line.call === 'sandbox:report' ? { ok: true, value: running } : answers[line.call] });
      });
    });
    await new Promise<void>((done) => server.listen(address, done));
    let isAlive = true;
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const reports: SandboxReport[] = [];
    const link = new SandboxLink({
      process: identity,
      controlAddress: address,
      key,
      isAlive: () => isAlive,
      sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
      onReport: (report) => void reports.push(report),
      onEnding: () => undefined,
      onHanging: () => undefined,
    });
    expect(await waitFor('its report', 10, () => reports[0])).toEqual(running);
    const { signal } = new AbortController();
    expect(await link.readConsole(0, signal)).toMatchObject({ next: 3, bytes: Buffer.from('one').toString('base64') });
    expect(await link.readUsage(null)).toMatchObject([{ processes: 2 }]);
    expect(await link.readQuestion()).toBeNull();
    expect(await link.answerQuestion('ab', true)).toBe(false);
    expect(await link.stop('a test', signal)).toBe(true);
    expect(heard).toEqual([
      'sandbox:report',
      'sandbox:console',
      'sandbox:usage',
      'sandbox:question',
      'sandbox:answer',
      'sandbox:stop',
    ]);
    isAlive = false;
    for (const socket of sockets) socket.destroy();
    expect(await link.died).toBe(true);
  });
});

interface Conversation {
  hello: { hello: number; nonce: string };
  answers: Record<string, unknown>;
  events: { event: string; payload: unknown }[];
}

it('whatever a sandbox of this version says is frozen too: a field that was added is missing there', async () => {
  const written = await readFrozen(sandboxContractVersion, 'report.json');
  expect(Object.keys(sandboxReport.shape).sort()).toEqual(Object.keys(written as object).sort());
  const launch = await readFrozen(sandboxContractVersion, 'launch.json');
  expect(Object.keys(launchFacts.shape).sort()).toEqual(Object.keys(launch as object).sort());
});
