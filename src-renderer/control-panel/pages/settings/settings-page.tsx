/** How much may this worker do at once, how long does it wait and keep, and what does it let run? */
import { makeStyles } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';
import { useHeldPlace } from '../../state/use-held-place.ts';
import { AboutCard } from './about-card.tsx';
import { DesktopCard } from './desktop-card.tsx';
import { LimitsForm } from './limits-form.tsx';
import { LogCard } from './log-card.tsx';
import { NotificationsCard } from './notifications-card.tsx';
import { PolicyCard } from './policy-card.tsx';
import { Section, SectionJumps, type JumpTarget } from './section-jumps.tsx';

const words = texts.settings;
const useStyles = makeStyles({ column: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' } });

const parts = { jobs: words.jobs, policy: texts.policy.title } as const;
type Part = keyof typeof parts;

const sections: readonly JumpTarget[] = [
  { id: 'settings-jobs', title: words.jobs },
  { id: 'settings-policy', title: texts.policy.title },
  { id: 'settings-log', title: words.log.title },
  { id: 'settings-desktop', title: words.desktop.title },
  { id: 'settings-notifications', title: words.notifications.title },
  { id: 'settings-about', title: words.about.title },
];

export function SettingsPage({ worker }: { worker: WorkerState }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.call('settings:get', {}), 'settings');
  const [unsaved, setUnsaved] = useState<Record<Part, boolean>>({ jobs: false, policy: false });
  const note = useCallback((part: Part, isUnsaved: boolean) => setUnsaved((before) => ({ ...before, [part]: isUnsaved })), []);
  const noteJobs = useCallback((isUnsaved: boolean) => note('jobs', isUnsaved), [note]);
  const notePolicy = useCallback((isUnsaved: boolean) => note('policy', isUnsaved), [note]);
  const lost = (Object.keys(parts) as Part[]).filter((part) => unsaved[part]).map((part) => parts[part]);
  const { wanted, stay, leave } = useHeldPlace(lost.length > 0);
  return (
    <Page title={words.title(worker.limit)} lead={words.lead}>
      <SectionJumps label={words.jump} targets={sections} />
      <div className={styles.column}>
        {reading.status === 'reading' && <Waiting forWhat={words.reading} />}
        {reading.status === 'failed' && (
          <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />
        )}
        <Section id="settings-jobs">
          {reading.status === 'known' && <LimitsForm settings={reading.value} onUnsaved={noteJobs} />}
        </Section>
        <Section id="settings-policy">
          <PolicyCard worker={worker} onUnsaved={notePolicy} />
        </Section>
        <Section id="settings-log">{reading.status === 'known' && <LogCard settings={reading.value} />}</Section>
        <Section id="settings-desktop">
          <DesktopCard />
        </Section>
        <Section id="settings-notifications">
          <NotificationsCard />
        </Section>
        <Section id="settings-about">
          <AboutCard worker={worker} />
        </Section>
      </div>
      <ConfirmDialog
        open={wanted !== undefined}
        title={words.unsaved.title}
        doIt={words.unsaved.leave}
        leaveIt={words.unsaved.stay}
        onDo={leave}
        onLeave={stay}
      >
        <p>{words.unsaved.text(lost.join(', '))}</p>
      </ConfirmDialog>
    </Page>
  );
}
