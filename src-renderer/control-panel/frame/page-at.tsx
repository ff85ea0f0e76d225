/** Which page stands at a place. */
import type { WorkerState } from '../../../src-contract/engine-calls.ts';
import { ConnectionPage } from '../pages/connection/connection-page.tsx';
import { DiagnosticsPage } from '../pages/diagnostics/diagnostics-page.tsx';
import { EventLogPage } from '../pages/events/event-log-page.tsx';
import { HistoryPage } from '../pages/history/history-page.tsx';
import { JobPage } from '../pages/job/job-page.tsx';
import { OverviewPage } from '../pages/overview/overview-page.tsx';
import { RunningPage } from '../pages/running/running-page.tsx';
import { SettingsPage } from '../pages/settings/settings-page.tsx';
import { StartPage } from '../pages/start/start-page.tsx';
import { StartedPage } from '../pages/started/started-page.tsx';
import { WorkerGroupPage } from '../pages/worker-group/worker-group-page.tsx';
import type { Place } from '../state/place.ts';

export function PageAt({ place, worker }: { place: Place; worker: WorkerState }) {
  switch (place.page) {
    case 'overview':
      return <OverviewPage worker={worker} />;
    case 'running':
      return <RunningPage worker={worker} />;
    case 'history':
      return <HistoryPage />;
    case 'job':
      return <JobPage id={place.id} />;
    case 'start':
      return <StartPage />;
    case 'started':
      return <StartedPage jobName={place.id} worker={worker} />;
    case 'connection':
      return <ConnectionPage worker={worker} />;
    case 'group':
      return <WorkerGroupPage worker={worker} />;
    case 'events':
      return <EventLogPage />;
    case 'diagnostics':
      return <DiagnosticsPage />;
    case 'settings':
      return <SettingsPage worker={worker} />;
  }
}
