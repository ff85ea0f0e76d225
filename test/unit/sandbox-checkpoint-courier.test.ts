import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CheckpointCourier, type Courier } from '../../src-main/sandbox/checkpoint-courier.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function start(put: Courier['put']) {
  const folder = await tempFolder();
  const decisions: string[] = [];
  const courier = new CheckpointCourier({ folder, put, decide: (text) => void decisions.push(text) });
  onTestFinished(() => courier.close());
  return { folder, courier, decisions };
}

async function answerIn(folder: string, number: number): Promise<string> {
  for (;;) {
    try {
      return await readFile(path.join(folder, `answer-${String(number)}`), 'utf8');
    } catch {
      await sleep(10);
    }
  }
}

describe('a courier of checkpoints', () => {
  it('brings one to the service, and the answer back', async () => {
    const taken: string[] = [];
    const { folder, decisions, courier } = await start(async ({ kind, line, body }) => {
      taken.push(`${kind} ${String(line)} ${body.toString()}`);
      await sleep(1);
    });
    await writeFile(path.join(folder, 'suspend-1-line7.clixml'), 'state');
    expect(await answerIn(folder, 1)).toBe('kept');
    expect(taken).toEqual(['suspend 7 state']);
    expect(decisions).toEqual(['The checkpoint of line 7 is on the service (5 bytes).']);
    expect(courier.suspendedAt).toBe(7);
  });

  it('says why the service did not take it', async () => {
    const { folder, courier } = await start(() => Promise.reject(new Error('too large')));
    await writeFile(path.join(folder, 'suspend-1-line7.clixml'), 'state');
    expect(await answerIn(folder, 1)).toBe('too large');
    expect(courier.suspendedAt).toBeUndefined();
  });

  it('outlasts what stands in the way of its answer, and brings the checkpoint once', async () => {
    let puts = 0;
    const { folder } = await start(() => {
      puts += 1;
      return Promise.resolve();
    });
    // A folder under the answer’s name: it cannot be renamed over.
    await mkdir(path.join(folder, 'answer-1', 'full'), { recursive: true });
    // Whatever a runbook puts under the name that it is written to first.
    await mkdir(path.join(folder, 'answer-2.part', 'full'), { recursive: true });
    await writeFile(path.join(folder, 'checkpoint-1-line3.clixml'), 'one');
    await writeFile(path.join(folder, 'checkpoint-2-line4.clixml'), 'two');
    expect(await answerIn(folder, 2)).toBe('kept');
    await sleep(150);
    await rm(path.join(folder, 'answer-1'), { recursive: true });
    expect(await answerIn(folder, 1)).toBe('kept');
    expect(puts).toBe(2);
  });
});
