/** Copies chosen entries as text, and says what came of it. */
import { use, useState } from 'react';
import { texts } from '../../texts.ts';
import { CopyContext } from '../copy-button.tsx';
import { copiedText, mostRowsCopied } from '../list/copied-rows.ts';
import type { RecordRows } from './record-rows.ts';
import { entryText } from './record-text.ts';

interface Said {
  words: string;
  /** A file takes what the clipboard does not. */
  offersFile: boolean;
}

/** `chosen`: places among the entries that are shown, without the last. */
export function useCopyEntries(
  rows: RecordRows,
  chosen: { from: number; to: number },
  times: boolean,
): { copy: () => void; said: Said } {
  const toClipboard = use(CopyContext);
  const [said, setSaid] = useState<Said & { about: string }>({ words: '', offersFile: false, about: '' });
  const about = `${String(chosen.from)} ${String(chosen.to)}`;
  const words = texts.records;
  const run = async (): Promise<void> => {
    const say = (sentence: string, offersFile = false): void => setSaid({ words: sentence, offersFile, about });
    const count = chosen.to - chosen.from;
    if (count > mostRowsCopied) {
      say(words.tooManyToCopy(mostRowsCopied), true);
      return;
    }
    const entries = Array.from({ length: count }, (_unused, index) => rows.entry(chosen.from + index));
    const text = copiedText(
      entries.filter((entry) => entry !== undefined),
      // What is missing before the first one was not chosen.
      (entry) => entryText(entry, { times, missing: entry === entries[0] ? 0 : rows.missingBefore(entry) }),
    );
    if (text === undefined) say(words.tooLongToCopy, true);
    else say((await toClipboard(text)) ? words.copied(count) : words.notCopied);
  };
  // What was said of other entries is over.
  return { copy: () => void run(), said: said.about === about ? said : { words: '', offersFile: false } };
}
