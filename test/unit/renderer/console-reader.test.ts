import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src-contract/app-error.ts';
import type { EngineValue } from '../../../src-contract/engine-calls.ts';
import { describeProblem } from '../../../src-contract/problems.ts';
import { ConsoleReader } from '../../../src-renderer/shared/console/console-reader.ts';

type Value = EngineValue<'jobs:console'>;

const piece = (from: number, text: string): Answer<Value> => {
  const bytes = Buffer.from(text);
  return {
    ok: true,
    value: { piece: { from, next: from + bytes.length, bytes: bytes.toString('base64'), columns: 120, rows: 30 } },
  };
};
const over: Answer<Value> = { ok: true, value: { piece: null } };

function follow(answers: Answer<Value>[]) {
  const asked: number[] = [];
  const shown: string[] = [];
  const reader = new ConsoleReader((from) => {
    asked.push(from);
    return Promise.resolve(answers[asked.length - 1] ?? over);
  });
  const ended = new Promise<void>((resolve) => {
    const stop = reader.standing.subscribe(() => {
      if (!['over', 'failed'].includes(reader.standing.get().status)) return;
      stop();
      resolve();
    });
  });
  reader.open({ write: (bytes, _size, isGap) => void shown.push(`${isGap ? '(gap)' : ''}${Buffer.from(bytes).toString()}`) });
  return { reader, asked, shown, ended };
}

describe('following a console', () => {
  it('asks for what is newer than what it has, until the job has ended', async () => {
    const { reader, asked, shown, ended } = follow([piece(0, 'one '), piece(4, 'zwei äö'), over]);
    await ended;
    expect(shown).toEqual(['one ', 'zwei äö']);
    expect(asked).toEqual([0, 4, 13]);
    expect(reader.standing.get()).toMatchObject({ status: 'over', next: 13, isCut: false });
  });

  it('tells a beginning that is not kept from a gap in between', async () => {
    const { reader, shown, ended } = follow([piece(100, 'late'), piece(200, 'later')]);
    await ended;
    expect(shown).toEqual(['late', '(gap)later']);
    expect(reader.standing.get().isCut).toBe(true);
  });

  it('stops at a refusal and says why', async () => {
    const problem = describeProblem('control-refused', { role: 'nobody', needed: 'reader' });
    const { reader, asked, ended } = follow([{ ok: false, problem }]);
    await ended;
    expect(reader.standing.get()).toMatchObject({ status: 'failed', problem: { code: 'control-refused' } });
    expect(asked).toEqual([0]);
  });

  it('writes nothing any more once it is closed', async () => {
    let answer: (value: Answer<Value>) => void = () => undefined;
    const reader = new ConsoleReader(() => new Promise((resolve) => (answer = resolve)));
    const shown: string[] = [];
    reader.open({ write: (bytes) => void shown.push(Buffer.from(bytes).toString()) });
    reader.close();
    answer(piece(0, 'too late'));
    await Promise.resolve();
    expect(shown).toEqual([]);
  });
});
