import { describe, expect, it } from 'vitest';
import { maxCopiedCharacters, shellCalls } from '../../../src-contract/window-calls.ts';
import { eventText, fitsEvent } from '../../../src-renderer/control-panel/pages/events/event-text.ts';
import { historyQuery, jobText } from '../../../src-renderer/control-panel/pages/history/job-query.ts';
import { copiedText } from '../../../src-renderer/shared/list/copied-rows.ts';
import { sampleEvents, sampleJob } from '../../fakes/window/samples.ts';

function sampleEvent(more: { message: string; fields?: Record<string, string> }) {
  const [sample] = sampleEvents(1);
  if (sample === undefined) throw new Error('no sample');
  return { ...sample, fields: {}, ...more };
}

const everything = { channel: null, before: null };

describe('an event that was just logged', () => {
  const event = sampleEvent({ message: 'Copied "C:\\Data" to \\\\files', fields: { path: 'D:\\Logs' } });

  it('is found by what it says, also with a backslash or a quote in it', () => {
    for (const search of ['c:\\data', '"C:', '\\\\files', 'd:\\LOGS'])
      expect([search, fitsEvent({ ...everything, search }, event)]).toEqual([search, true]);
  });

  it('is not found by the names of its fields, nor by how it is written', () => {
    for (const search of ['message', 'number', 'path', 'c:\\\\data', '{'])
      expect([search, fitsEvent({ ...everything, search }, event)]).toEqual([search, false]);
  });
});

describe('copied rows', () => {
  it('are no formula to a spreadsheet, and no more cells than there are', () => {
    expect(
      eventText(sampleEvent({ message: "=cmd|'/c calc'!A1" }))
        .split('\t')
        .at(-1),
    ).toBe("'=cmd|'/c calc'!A1");
    const cells = jobText(sampleJob(1, { runbookName: '@odd', startedBy: '+a\tname\nof two lines', phase: 'ended' })).split('\t');
    expect([cells.length, cells[0], cells[5]]).toEqual([8, "'@odd", "'+a name of two lines"]);
  });

  it('are copied as far as the clipboard is handed them, and said to be too long beyond', () => {
    const half = 'x'.repeat(maxCopiedCharacters / 2);
    const fits = copiedText([half.slice(1), half], (row) => row);
    expect(shellCalls['shell:copy-text'].arguments.safeParse({ text: fits }).success).toBe(true);
    expect(copiedText([half, half], (row) => row)).toBeUndefined();
  });
});

describe('a history that stands still', () => {
  it('leaves out what ends from then on, whenever it was picked up', () => {
    const chosen = { outcome: null, search: '', by: 'pickedUp', descending: true } as const;
    expect(historyQuery(chosen, '2026-11-23T14:00:00.000Z')).toMatchObject({
      before: null,
      endedBefore: '2026-11-23T14:00:00.000Z',
    });
    expect(historyQuery(chosen, null)).toMatchObject({ before: null, endedBefore: null, endedOnly: true });
  });
});
