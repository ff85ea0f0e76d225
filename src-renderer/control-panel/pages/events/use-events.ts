/** The event log of a channel, or of all: pages as the reader goes on, and what is logged meanwhile. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { EventChannel, LogEvent } from '../../../../src-contract/events.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import { useServices } from '../../state/services.ts';
import { withEvents } from './event-list.ts';

const pageSize = 500;

export interface Events {
  events: readonly LogEvent[];
  known: boolean;
  /** There are older ones that were not read yet. */
  more: boolean;
  problem: Problem | null;
  loadMore: () => void;
}

interface State {
  events: readonly LogEvent[];
  known: boolean;
  more: boolean;
  problem: Problem | null;
}
const nothing: State = { events: [], known: false, more: true, problem: null };

/** Belongs to one channel: give the component that uses it the channel as its key. */
export function useEvents(channel: EventChannel | null): Events {
  const { bridge } = useServices();
  const [state, setState] = useState(nothing);
  const reading = useRef(false);
  const oldest = useRef<number | null>(null);

  useEffect(() => {
    let waiting: LogEvent[] = [];
    let frame: number | undefined;
    const show = (): void => {
      frame = undefined;
      const more = waiting;
      waiting = [];
      setState((before) => ({ ...before, events: withEvents(before.events, more) }));
    };
    const stop = bridge.subscribe((event) => {
      if (event.event !== 'event-logged' || (channel !== null && event.payload.channel !== channel)) return;
      waiting.push(event.payload);
      frame ??= requestAnimationFrame(show);
    });
    return () => {
      stop();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [bridge, channel]);

  const loadMore = useCallback(() => {
    if (reading.current) return;
    reading.current = true;
    void bridge.call('events:list', { channel, limit: pageSize, before: oldest.current }).then((answer) => {
      reading.current = false;
      if (!answer.ok) {
        setState((before) => ({ ...before, problem: answer.problem }));
        return;
      }
      const { events, more } = answer.value;
      oldest.current = Math.min(oldest.current ?? Infinity, ...events.map((event) => event.number));
      if (events.length === 0) oldest.current = null;
      setState((before) => ({ events: withEvents(before.events, events), known: true, more, problem: null }));
    });
  }, [bridge, channel]);

  useEffect(loadMore, [loadMore]);
  return { ...state, loadMore };
}
