/** What happened, newest first? */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useCallback, useMemo, useState } from 'react';
import { eventChannel, type EventChannel, type EventLevel, type LogEvent } from '../../../../src-contract/events.ts';
import { EmptyState, Waiting } from '../../../shared/empty-state.tsx';
import type { MarkName } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { eventColumns } from './event-columns.tsx';
import { EventDetails } from './event-details.tsx';
import { countLevels } from './event-list.ts';
import { LevelSwitches } from './level-switches.tsx';
import { useEvents } from './use-events.ts';

const useStyles = makeStyles({
  bar: { display: 'flex', gap: '12px', alignItems: 'center', flexWrap: 'wrap', flexShrink: 0 },
  channel: { minWidth: '250px' },
});

export function EventLogPage() {
  const [channel, setChannel] = useState<EventChannel | null>(null);
  return <ChannelLog key={channel ?? ''} channel={channel} onChannel={setChannel} />;
}

interface ChannelLogProps {
  channel: EventChannel | null;
  onChannel: (channel: EventChannel | null) => void;
}

function ChannelLog({ channel, onChannel }: ChannelLogProps) {
  const styles = useStyles();
  const { events, known, more, problem, loadMore } = useEvents(channel);
  const [hidden, setHidden] = useState<ReadonlySet<EventLevel>>(new Set());
  const [selected, setSelected] = useState<LogEvent>();
  const counts = useMemo(() => countLevels(events), [events]);
  const shown = useMemo(
    () => (hidden.size === 0 ? events : events.filter((event) => !hidden.has(event.level))),
    [events, hidden],
  );
  const onNearEnd = useCallback(() => {
    if (more) loadMore();
  }, [more, loadMore]);
  const { mark, title } = titleOf(known, problem !== null, events.length, counts);
  return (
    <Page mark={mark} title={title} lead={texts.events.lead} fills>
      <div className={styles.bar}>
        <ChannelChoice channel={channel} onChannel={onChannel} />
        {known && <LevelSwitches counts={counts} hidden={hidden} onChange={setHidden} />}
      </div>
      {problem !== null && <ProblemCard problem={problem} actions={<TryAgainButton onClick={loadMore} />} />}
      {!known && problem === null && <Waiting forWhat={texts.events.reading} />}
      {known && shown.length === 0 && <NoEvents hasSome={events.length > 0} />}
      {shown.length > 0 && (
        <DataTable
          label={texts.navigation.pages.events}
          rows={shown}
          rowKey={(event) => String(event.number)}
          columns={eventColumns}
          onNearEnd={onNearEnd}
          selectedKey={selected === undefined ? undefined : String(selected.number)}
          onSelect={setSelected}
          fills
        />
      )}
      {selected !== undefined && <EventDetails event={selected} onClose={() => setSelected(undefined)} />}
    </Page>
  );
}

function titleOf(
  known: boolean,
  failed: boolean,
  count: number,
  counts: Record<EventLevel, number>,
): { mark: MarkName; title: string } {
  const words = texts.events;
  if (failed) return { mark: 'bad', title: words.titleFailed };
  if (!known) return { mark: 'waiting', title: words.reading };
  if (count === 0) return { mark: 'off', title: words.titleEmpty };
  if (counts.Error > 0) return { mark: 'bad', title: words.title(counts.Error, counts.Warning, count) };
  if (counts.Warning > 0) return { mark: 'attention', title: words.title(0, counts.Warning, count) };
  return { mark: 'good', title: words.titleQuiet(count) };
}

function ChannelChoice({ channel, onChannel }: ChannelLogProps) {
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

function NoEvents({ hasSome }: { hasSome: boolean }) {
  const words = texts.events;
  return hasSome ? (
    <EmptyState title={words.allHidden} text={words.allHiddenText} />
  ) : (
    <EmptyState title={words.titleEmpty} text={words.emptyText} />
  );
}
