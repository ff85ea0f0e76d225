/** Reads whole frames from a journal for one upload and compresses them. One batch at a time: the buffer is shared. */
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { emptyChain, framePrefixBytes, maxFrameBytes } from '../../src-contract/node/journal-frame.ts';
import { parseHeader, skimFrames } from './frame-scanner.ts';

const compress = promisify(gzip);

/** A place between two frames. */
export interface UploadPlace {
  offset: number;
  /** Records before this place. */
  sequence: number;
  chain: Buffer;
}

export interface UploadBatch {
  from: number;
  /** Chain before the first frame, lower-case hex. */
  chain: string;
  /** The frames, gzip. */
  body: Buffer;
  /** Bytes before compression. */
  bytes: number;
  hasRecords: boolean;
  /** There is more in the file, which did not fit. */
  hasMore: boolean;
  after: UploadPlace;
}

export const journalStart: UploadPlace = { offset: 0, sequence: 0, chain: emptyChain };

export class BatchReader {
  readonly #file: FileHandle;
  #maxBytes: number;
  #buffer = Buffer.alloc(0);

  constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** From now on batches are at most half as large as this one; false when a frame alone is as large, which cannot be divided. */
  halve(batch: UploadBatch): boolean {
    if (batch.bytes > this.#maxBytes) return false;
    this.#maxBytes = Math.floor(batch.bytes / 2);
    return true;
  }

  /** The next frames from `place` on, or undefined when there is no further whole one (or only the end frame, which stays here). */
  async next(place: UploadPlace): Promise<UploadBatch | undefined> {
    const { size } = await this.#file.stat();
    let taken = await this.#take(place, Math.min(this.#maxBytes, size - place.offset));
    // A single frame may be larger than a batch should be.
    if (taken.offset === place.offset && size - place.offset > this.#maxBytes)
      taken = await this.#take(place, Math.min(maxFrameBytes + framePrefixBytes, size - place.offset), 1);
    const bytes = taken.offset - place.offset;
    if (bytes === 0) return undefined;
    const body = await compress(this.#buffer.subarray(0, bytes), { level: constants.Z_BEST_SPEED });
    return {
      from: place.sequence,
      chain: place.chain.toString('hex'),
      body,
      bytes,
      hasRecords: taken.sequence > place.sequence,
      hasMore: taken.offset < size,
      after: taken,
    };
  }

  /** The place after the frame that ends with `chain`, or undefined when this journal has no such frame. */
  async locate(chain: string): Promise<UploadPlace | undefined> {
    if (chain === emptyChain.toString('hex')) return journalStart;
    let sequence = 0;
    let found: UploadPlace | undefined;
    await skimFrames(this.#file, { offset: 0, previous: emptyChain, verify: false }, (frame) => {
      if (frame.header.kind === 'records') sequence = frame.header.first + frame.header.count;
      if (frame.chain.toString('hex') === chain) found = { offset: frame.offset + frame.length, sequence, chain: frame.chain };
      return found === undefined;
    });
    return found;
  }

  async #take(place: UploadPlace, wanted: number, maxFrames = Infinity): Promise<UploadPlace> {
    if (wanted <= framePrefixBytes) return place;
    if (this.#buffer.length < wanted) this.#buffer = Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await this.#file.read(this.#buffer, 0, wanted, place.offset);
    let at = 0;
    let { sequence, chain } = place;
    for (let frames = 0; frames < maxFrames && bytesRead - at > framePrefixBytes; frames += 1) {
      const end = at + framePrefixBytes + this.#buffer.readUInt32LE(at);
      if (end > bytesRead) break;
      const header = parseHeader(this.#buffer.subarray(at + framePrefixBytes, end));
      if (header === undefined || header.kind === 'end') break;
      if (header.kind === 'records') sequence = header.first + header.count;
      chain = Buffer.from(this.#buffer.subarray(at + 4, at + framePrefixBytes));
      at = end;
    }
    return { offset: place.offset + at, sequence, chain };
  }
}
