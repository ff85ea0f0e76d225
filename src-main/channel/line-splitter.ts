/** Cuts a byte stream into lines, and says when one grows past its limit before it has eaten the memory. */

const newline = 0x0a;

export type SplitResult = { kind: 'lines'; lines: string[] } | { kind: 'too-long' };

export class LineSplitter {
  /** May be raised once the other end is proven: a stranger gets only a little room. */
  maxBytes: number;
  private pending: Buffer[] = [];
  private pendingBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  push(chunk: Buffer): SplitResult {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.pending.push(chunk.subarray(start, end));
      this.pendingBytes += end - start;
      if (this.pendingBytes > this.maxBytes) return { kind: 'too-long' };
      lines.push(Buffer.concat(this.pending).toString('utf8'));
      this.pending = [];
      this.pendingBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      this.pending.push(chunk.subarray(start));
      this.pendingBytes += chunk.length - start;
    }
    return this.pendingBytes > this.maxBytes ? { kind: 'too-long' } : { kind: 'lines', lines };
  }
}
