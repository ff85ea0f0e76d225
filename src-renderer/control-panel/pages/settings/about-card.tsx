import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

export function AboutCard({ worker }: { worker: WorkerState }) {
  const { bridge } = useServices();
  const { reading } = useReading(() => bridge.shell('shell:about', {}), 'about');
  const words = texts.settings.about;
  const about = reading.status === 'known' ? reading.value : undefined;
  return (
    <Card title={words.title}>
      <Facts
        facts={[
          { name: words.version, value: worker.version },
          ...(about === undefined
            ? []
            : [
                { name: words.window, value: words.windowValue(about.electron, about.chromium, about.node) },
                { name: words.engine, value: words.attachedTo[about.attachedTo](worker.processId) },
              ]),
          { name: words.runningSince, value: <Moment time={worker.startedAt} /> },
          { name: words.dataFolder, value: worker.dataFolder, fixedWidth: true },
        ]}
      />
    </Card>
  );
}
