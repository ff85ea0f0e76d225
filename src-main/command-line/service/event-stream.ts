/** Server-sent events out of bytes, as the WHATWG standard has them (the part that a service of ours uses). */

export interface ServerEvent {
  event: string;
  /** The last id seen so far. */
  id: string | undefined;
  data: string;
}

export class EventStreamReader {
  private readonly decoder = new TextDecoder('utf-8');
  private rest = '';
  private id: string | undefined;

  /** The events that these bytes complete. */
  push(bytes: Uint8Array): ServerEvent[] {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const blocks = this.rest.split(/\r?\n\r?\n/);
    this.rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => this.readBlock(block) ?? []);
  }

  private readBlock(block: string): ServerEvent | undefined {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
      else if (field === 'id') this.id = value;
    }
    return data.length === 0 ? undefined : { event, id: this.id, data: data.join('\n') };
  }
}
