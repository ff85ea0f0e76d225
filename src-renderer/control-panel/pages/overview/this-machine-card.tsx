import { makeStyles } from '@fluentui/react-components';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { texts } from '../../../texts.ts';

export function ThisMachineCard({ worker }: { worker: WorkerState }) {
  const words = texts.overview.machine;
  return (
    <Card title={texts.overview.thisMachine}>
      <Facts
        facts={[
          { name: words.name, value: worker.machineName },
          { name: words.canRun, value: <Kinds kinds={worker.kinds} /> },
          { name: words.atOnce, value: words.jobs(worker.limit) },
          { name: words.runbooks, value: worker.runbooks.sentence },
          { name: words.engine, value: words.engineValue(worker.version, worker.processId, worker.mode) },
        ]}
      />
    </Card>
  );
}

const useStyles = makeStyles({ kind: { whiteSpace: 'nowrap' } });

function Kinds({ kinds }: { kinds: WorkerState['kinds'] }) {
  const styles = useStyles();
  if (kinds.length === 0) return <>{texts.overview.machine.canRunNothing}</>;
  return kinds.map(({ kind, label, executable }, index) => (
    <span key={kind}>
      <span className={styles.kind} title={executable}>
        {label}
      </span>
      {index < kinds.length - 1 && ' · '}
    </span>
  ));
}
