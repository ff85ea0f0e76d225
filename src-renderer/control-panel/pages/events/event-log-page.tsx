/** What happened, newest first? */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useCallback, useEffect, useMemo, useState } from 'react';
import * as z from 'zod';
import type { EngineValue } from '../../../../src-contract/engine-calls.ts';
import { eventChannel, eventLevel, type EventChannel, type LogEvent } from '../../../../src-contract/events.ts';
import { eventOrder, type EventQuery } from '../../../../src-contract/lists.ts';
import { rowAt, type ReadRows } from '../../../shared/list/paged-list.ts';
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
import { eventText, fitsEvent } from './event-text.ts';
import { LevelSwitches } from './level-switches.tsx';

/** What a page of the list tells beside its rows. */
type Told = Pick<EngineValue<'events:list'>, 'counts' | 'newest'>;
type Counts = Told['counts'];

const choice = z.object({
  channel: eventChannel.nullable(),
  hidden: z.array(eventLevel),
  search: z.string().max(200),
  by: eventOrder,
  descending: z.boolean(),
});
type Choice = z.infer<typeof choice>;
const usual: Choice = { channel: null, hidden: [], search: '', by: 'time', descending: true };

const useStyles = makeStyles({ channel: { minWidth: '160px', width: '180px' } });

export function EventLogPage() {
  const { bridge } = useServices();
  const [chosen, keep] = useKept('events', choice, usual);
  const [selection, setSelection] = useState<Selection>();
  const query = useMemo(() => queryOf(chosen, null), [chosen]);
  const [read] = useState(() => readEvents(bridge));
  const { list, view } = usePagedList(query, read);
  useEffect(
    () =>
      bridge.subscribe((event) => {
        if (event.event === 'event-logged' && fitsEvent(query, event.payload)) list.grew(1);
      }),
    [bridge, list, query],
  );
  const change = (more: Partial<Choice>): void => {
    setSelection(undefined);
    keep({ ...chosen, ...more });
  };
  const standStill = useCallback(() => {
    // Of all events, not of the rows that happen to be there: in another order than newest first those are old ones.
    const told = list.view.get().more;
    if (told !== undefined) list.standStill(queryOf(chosen, told.newest + 1));
  }, [list, chosen]);
  const isNarrowed = chosen.search !== '' || chosen.hidden.length > 0 || chosen.channel !== null;
  const selected = selection === undefined || selection.anchor !== selection.head ? undefined : rowAt(view, selection.head);
  return (
    <Page {...titleOf(view.more?.counts, view.problem !== null)} lead={texts.events.lead} fills>
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
            <ChannelChoice channel={chosen.channel} onChannel={(channel) => change({ channel })} />
            <LevelSwitches
              counts={view.more?.counts}
              hidden={new Set(chosen.hidden)}
              onChange={(hidden) => change({ hidden: [...hidden] })}
            />
          </>
        }
        rowText={eventText}
        exported={(format) => ({ list: 'events', query, format })}
        selection={selection}
        onSelect={setSelection}
        onStandStill={standStill}
        onGoAlong={() => {
          setSelection(undefined);
          list.goAlong(query);
        }}
        waitingFor={texts.events.reading}
        empty={
          isNarrowed
            ? { title: texts.events.noneFits, text: texts.events.noneFitsText }
            : { title: texts.events.titleEmpty, text: texts.events.emptyText }
        }
        onClear={isNarrowed ? () => change({ ...usual, by: chosen.by, descending: chosen.descending }) : undefined}
      />
      {selected !== undefined && <EventDetails event={selected} onClose={() => setSelection(undefined)} />}
    </Page>
  );
}

function readEvents(bridge: ReturnType<typeof useServices>['bridge']): ReadRows<EventQuery, LogEvent, Told> {
  return async (query, page) => {
    const answer = await bridge.call('events:list', { ...query, ...page });
    if (!answer.ok) return answer;
    const { events, total, counts, newest } = answer.value;
    return { ok: true, value: { rows: events, total, more: { counts, newest } } };
  };
}

function queryOf({ channel, hidden, search, by, descending }: Choice, before: number | null): EventQuery {
  const levels = eventLevel.options.filter((level) => !hidden.includes(level));
  return { channel, before, levels, search, order: { by, descending } };
}

function titleOf(counts: Counts | undefined, failed: boolean): { mark: MarkName; title: string } {
  const words = texts.events;
  if (failed) return { mark: 'bad', title: words.titleFailed };
  if (counts === undefined) return { mark: 'waiting', title: words.reading };
  const count = counts.Information + counts.Warning + counts.Error;
  if (count === 0) return { mark: 'off', title: words.titleEmpty };
  if (counts.Error > 0) return { mark: 'bad', title: words.title(counts.Error, counts.Warning, count) };
  if (counts.Warning > 0) return { mark: 'attention', title: words.title(0, counts.Warning, count) };
  return { mark: 'good', title: words.titleQuiet(count) };
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
