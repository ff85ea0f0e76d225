/** Reads pages of the event log, and asks with each where an event stands that is to be found again. */
import type { EngineValue } from '../../../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../../../src-contract/events.ts';
import type { EventQuery } from '../../../../src-contract/lists.ts';
import type { WindowBridge } from '../../../../src-contract/window-calls.ts';
import type { ReadRows } from '../../../shared/list/paged-list.ts';

/** What a page of the list tells beside its rows. `sought`: the number of the event that `located` is about. */
export type Told = Pick<EngineValue<'events:list'>, 'counts' | 'newest' | 'located'> & { sought: number | undefined };

export class EventReader {
  readonly #bridge: WindowBridge;
  #sought: number | undefined;

  constructor(bridge: WindowBridge) {
    this.#bridge = bridge;
  }

  /** From the next page on; undefined: none. */
  seek(number: number | undefined): void {
    this.#sought = number;
  }

  readonly read: ReadRows<EventQuery, LogEvent, Told> = async (query, page) => {
    const sought = this.#sought;
    const answer = await this.#bridge.call('events:list', { ...query, ...page, ...(sought !== undefined && { locate: sought }) });
    if (!answer.ok) return answer;
    const { events, total, counts, newest, located } = answer.value;
    return { ok: true, value: { rows: events, total, more: { counts, newest, located, sought } } };
  };
}
