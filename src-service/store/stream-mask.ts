/** A bit per stream, so that a reader of one stream skips the chunks that hold none of it. A mask may say too much, never too little. */
import { streamName, type StreamName } from '../../src-contract/kinds.ts';

const streams = streamName.options;
export const everyStream = (1 << streams.length) - 1;

/**
 * As a JSON record has it. Inside a text the quotes are escaped, so this only stands where it is meant, or in a record's `value`:
 * then the mask says too much, which costs a look.
 */
const needles = streams.map((name) => Buffer.from(`"stream":"${name}"`));

export function maskOf(names: Iterable<StreamName>): number {
  let mask = 0;
  for (const name of names) mask |= 1 << streams.indexOf(name);
  return mask;
}

/** The streams of the JSON records in these bytes. */
export function maskOfBytes(bytes: Buffer): number {
  let mask = 0;
  for (const [place, needle] of needles.entries()) {
    if (bytes.includes(needle)) mask |= 1 << place;
  }
  return mask;
}
