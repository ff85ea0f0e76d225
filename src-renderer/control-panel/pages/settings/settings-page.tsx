/** How much may this worker do at once, how long does it wait and keep, and what does it let run? */
import { makeStyles } from '@fluentui/react-components';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Waiting } from '../../../shared/empty-state.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';
import { AboutCard } from './about-card.tsx';
import { DesktopCard } from './desktop-card.tsx';
import { LimitsForm } from './limits-form.tsx';
import { LogCard } from './log-card.tsx';
import { NotificationsCard } from './notifications-card.tsx';
import { PolicyCard } from './policy-card.tsx';

const useStyles = makeStyles({ column: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' } });

export function SettingsPage({ worker }: { worker: WorkerState }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.call('settings:get', {}), 'settings');
  return (
    <Page title={texts.settings.title(worker.limit)} lead={texts.settings.lead}>
      <div className={styles.column}>
        {reading.status === 'reading' && <Waiting forWhat={texts.settings.reading} />}
        {reading.status === 'failed' && (
          <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />
        )}
        {reading.status === 'known' && <LimitsForm settings={reading.value} />}
        <PolicyCard worker={worker} />
        {reading.status === 'known' && <LogCard settings={reading.value} />}
        <DesktopCard />
        <NotificationsCard />
        <AboutCard worker={worker} />
      </div>
    </Page>
  );
}
