/** What happened, newest first? */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useCallback, useEffect, useMemo, useState } from 'react';
import * as z from 'zod';
import { eventChannel, eventLevel, type EventChannel, type LogEvent } from '../../../../src-contract/events.ts';
import { eventOrder, type EventQuery } from '../../../../src-contract/lists.ts';
import { rowAt, type PagedView } from '../../../shared/list/paged-list.ts';
import type { Selection } from '../../../shared/list/selection.ts';
import type { MarkName } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import { texts } from '../../../texts.ts';
import { ListFrame } from '../../parts/list-frame.tsx';
import { useKept } from '../../state/kept.ts';
import { useServices } from '../../state/services.ts';
import { usePagedList } from '../../state/use-paged-list.ts';
import { eventColumns } from './event-columns.tsx';
import { EventDetails } from './event-details.tsx';
import { anyTime, eventRange, isNarrowing, rangeWords, spanOf } from './event-range.ts';
import { EventReader, type Told } from './event-reader.ts';
import { eventText, fitsEvent } from './event-text.ts';
import { LevelSwitches } from './level-switches.tsx';
import { RangeChoice, RangeEnds } from './range-choice.tsx';
import { useMinute } from './use-minute.ts';

const choice = z.object({
  channel: eventChannel.nullable(),
  /** What an earlier version kept says nothing of it. */
  range: eventRange.default(anyTime),
  hidden: z.array(eventLevel),
  search: z.string().max(200),
  by: eventOrder,
  descending: z.boolean(),
});
type Choice = z.infer<typeof choice>;
const usual: Choice = { channel: null, range: anyTime, hidden: [], search: '', by: 'time', descending: true };

const useStyles = makeStyles({ channel: { minWidth: '150px', width: '170px' } });

export function EventLogPage() {
  const { bridge } = useServices();
  const [chosen, keep] = useKept('events', choice, usual);
  const [isStill, setStill] = useState(false);
  const { now, refresh } = useMinute(chosen.range.kind === 'last' && !isStill);
  const query = useMemo(() => queryOf(chosen, now, null), [chosen, now]);
  const [reader] = useState(() => new EventReader(bridge));
  const { list, view } = usePagedList(query, reader.read);
  if (isStill !== (view.newer !== null)) setStill(view.newer !== null);
  useEffect(
    () =>
      bridge.subscribe((event) => {
        if (event.event === 'event-logged' && fitsEvent(query, event.payload)) list.grew(1);
      }),
    [bridge, list, query],
  );
  const standStill = useCallback(() => {
    // Of all events, not of the rows that happen to be there: in another order than newest first those are old ones.
    const told = list.view.get().more;
    if (told !== undefined) list.standStill(queryOf(chosen, now, told.newest + 1));
  }, [list, chosen, now]);
  const { selection, select, event, isAbsent, seekAgain } = useChosenEvent(reader, view);
  const change = (more: Partial<Choice>): void => {
    seekAgain();
    refresh();
    keep({ ...chosen, ...more });
  };
  const isNarrowed = chosen.search !== '' || chosen.hidden.length > 0 || chosen.channel !== null || isNarrowing(chosen.range);
  const clear = isNarrowed ? () => change({ ...usual, by: chosen.by, descending: chosen.descending }) : undefined;
  const when = rangeWords(chosen.range, now);
  return (
    <Page {...titleOf(view.more?.counts, { failed: view.problem !== null, isNarrowed, when })} lead={texts.events.lead} fills>
      <ListFrame<EventQuery, LogEvent, Told>
        label={texts.navigation.pages.events}
        what={texts.events.what}
        list={list}
        view={view}
        rowKey={(event) => String(event.number)}
        columns={eventColumns}
        sorting={{ key: chosen.by, descending: chosen.descending }}
        onSort={({ key, descending }) => change({ by: eventOrder.parse(key), descending })}
        search={chosen.search}
        onSearch={(search) => change({ search })}
        filters={
          <>
            <RangeChoice range={chosen.range} onRange={(range) => change({ range })} />
            <ChannelChoice channel={chosen.channel} onChannel={(channel) => change({ channel })} />
            <LevelSwitches
              counts={view.more?.counts}
              hidden={new Set(chosen.hidden)}
              onChange={(hidden) => change({ hidden: [...hidden] })}
            />
          </>
        }
        moreFilters={<RangeEnds range={chosen.range} onRange={(range) => change({ range })} />}
        rowText={eventText}
        exported={(format) => ({ list: 'events', query, format })}
        selection={selection}
        onSelect={select}
        onStandStill={standStill}
        onGoAlong={() => {
          select(undefined);
          refresh();
          list.goAlong(query);
        }}
        waitingFor={texts.events.reading}
        empty={
          isNarrowed
            ? { title: texts.events.noneFits, text: texts.events.noneFitsText }
            : { title: texts.events.titleEmpty, text: texts.events.emptyText }
        }
        onClear={clear}
      />
      {event !== undefined && (
        <EventDetails event={event} isAbsent={isAbsent} onClear={clear} onClose={() => select(undefined)} />
      )}
    </Page>
  );
}

interface ChosenEvent {
  selection: Selection | undefined;
  select: (selection: Selection | undefined) => void;
  /** The one that is chosen alone. */
  event: LogEvent | undefined;
  /** It is not among the rows. */
  isAbsent: boolean;
  /** Call before something else is asked for: where the event stands then is told with the rows. */
  seekAgain: () => void;
}

/** An event that was chosen stays so when something else is asked for: it is looked for in what comes. */
function useChosenEvent(reader: EventReader, view: PagedView<LogEvent, Told>): ChosenEvent {
  const [pressed, setPressed] = useState<Selection>();
  const [kept, setKept] = useState<LogEvent>();
  const { more } = view;
  const isAlone = pressed !== undefined && pressed.anchor === pressed.head;
  const told = kept !== undefined && more?.sought === kept.number ? more : undefined;
  const located = told?.located ?? null;
  const event = kept ?? (isAlone ? rowAt(view, pressed.head) : undefined);
  return {
    selection: pressed ?? (located === null ? undefined : { anchor: located, head: located }),
    select: (selection) => {
      reader.seek(undefined);
      setKept(undefined);
      setPressed(selection);
    },
    event,
    isAbsent: told !== undefined && located === null,
    seekAgain: () => {
      reader.seek(event?.number);
      setKept(event);
      setPressed(undefined);
    },
  };
}

function queryOf({ channel, range, hidden, search, by, descending }: Choice, now: Date, before: number | null): EventQuery {
  const levels = eventLevel.options.filter((level) => !hidden.includes(level));
  return { channel, before, levels, ...spanOf(range, now), search, order: { by, descending } };
}

interface Narrowing {
  failed: boolean;
  isNarrowed: boolean;
  when: string;
}

function titleOf(counts: Told['counts'] | undefined, { failed, isNarrowed, when }: Narrowing): { mark: MarkName; title: string } {
  const words = texts.events;
  if (failed) return { mark: 'bad', title: words.titleFailed };
  if (counts === undefined) return { mark: 'waiting', title: words.reading };
  const count = counts.Information + counts.Warning + counts.Error;
  if (count === 0) return { mark: 'off', title: isNarrowed ? words.titleNoneFits : words.titleEmpty };
  if (counts.Error > 0) return { mark: 'bad', title: words.title(counts.Error, counts.Warning, count, when) };
  if (counts.Warning > 0) return { mark: 'attention', title: words.title(0, counts.Warning, count, when) };
  return { mark: 'good', title: words.titleQuiet(count, when) };
}

interface ChannelChoiceProps {
  channel: EventChannel | null;
  onChannel: (channel: EventChannel | null) => void;
}

function ChannelChoice({ channel, onChannel }: ChannelChoiceProps) {
  const styles = useStyles();
  const everything = 'everything';
  return (
    <Dropdown
      className={styles.channel}
      aria-label={texts.events.channel}
      value={channel ?? texts.events.everyChannel}
      selectedOptions={[channel ?? everything]}
      onOptionSelect={(_event, { optionValue }) => onChannel(eventChannel.safeParse(optionValue).data ?? null)}
    >
      <Option value={everything}>{texts.events.everyChannel}</Option>
      {eventChannel.options.map((name) => (
        <Option key={name} value={name}>
          {name}
        </Option>
      ))}
    </Dropdown>
  );
}
