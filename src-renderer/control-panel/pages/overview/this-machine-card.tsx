import { makeStyles } from '@fluentui/react-components';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { useWorkerView } from '../../state/services.ts';
import { isGone } from '../../state/worker-view.ts';
import { useLoad } from './use-load.ts';
import { texts } from '../../../texts.ts';

export function ThisMachineCard({ worker }: { worker: WorkerState }) {
  const words = texts.overview.machine;
  const load = useLoad();
  const gone = isGone(useWorkerView());
  return (
    <Card title={texts.overview.thisMachine}>
      <Facts
        facts={[
          { name: words.name, value: worker.machineName },
          { name: words.canRun, value: <Kinds kinds={worker.kinds} /> },
          { name: words.atOnce, value: words.jobs(worker.limit) },
          { name: words.runbooks, value: worker.runbooks.sentence },
          { name: texts.overview.load.name, value: load.name },
          ...(load.disk === undefined ? [] : [{ name: texts.overview.load.disk, value: load.disk }]),
          {
            name: words.engine,
            value: gone ? words.engineGone : words.engineValue(worker.version, worker.processId, worker.mode),
          },
        ]}
      />
    </Card>
  );
}

// Together on one line where there is room.
const useStyles = makeStyles({ runtime: { display: 'inline-block', maxWidth: '100%' } });

function Kinds({ kinds }: { kinds: WorkerState['kinds'] }) {
  const styles = useStyles();
  if (kinds === null) return <>{texts.overview.machine.lookingForRuntimes}</>;
  if (kinds.length === 0) return <>{texts.overview.machine.canRunNothing}</>;
  // One runtime may run several kinds.
  const runtimes = kinds.filter(({ label }, index) => kinds.findIndex((one) => one.label === label) === index);
  return runtimes.map(({ label, executable }, index) => (
    <span key={label}>
      <span className={styles.runtime} title={executable}>
        {label}
      </span>
      {index < runtimes.length - 1 && ' · '}
    </span>
  ));
}
