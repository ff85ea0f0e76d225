/** Which program is this, and what is it made with? */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import type { Answer } from '../../../../src-contract/app-error.ts';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { useServices, useWorkerView } from '../../state/services.ts';

const useStyles = makeStyles({
  button: { marginTop: '16px' },
  surface: { maxWidth: '820px' },
  text: {
    margin: 0,
    maxHeight: '60vh',
    overflowY: 'auto',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: '18px',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
});

export function AboutCard({ worker }: { worker: WorkerState }) {
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.shell('shell:about', {}), worker.processId);
  const { role } = useWorkerView();
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
          ...(role === null ? [] : [{ name: texts.role.title, value: texts.role.roles[role] }]),
          { name: words.runningSince, value: <Moment time={worker.startedAt} /> },
          { name: words.dataFolder, value: worker.dataFolder, fixedWidth: true },
        ]}
      />
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />}
      <Licences />
    </Card>
  );
}

/** Read when they are asked for. */
function Licences() {
  const styles = useStyles();
  const { bridge } = useServices();
  const [open, setOpen] = useState(false);
  const words = texts.settings.about;
  return (
    <>
      <Button className={styles.button} onClick={() => setOpen(true)}>
        {words.licences}
      </Button>
      {open && (
        <Dialog open onOpenChange={(_event, { open: wanted }) => setOpen(wanted)}>
          <DialogSurface className={styles.surface}>
            <DialogBody>
              <DialogTitle>{words.licencesTitle}</DialogTitle>
              <DialogContent>
                <LicenceText read={() => bridge.shell('shell:licences', {})} />
              </DialogContent>
              <DialogActions>
                <Button onClick={() => setOpen(false)}>{words.close}</Button>
              </DialogActions>
            </DialogBody>
          </DialogSurface>
        </Dialog>
      )}
    </>
  );
}

function LicenceText({ read }: { read: () => Promise<Answer<{ text: string }>> }) {
  const styles = useStyles();
  const { reading, readAgain } = useReading(read, 'licences');
  const words = texts.settings.about;
  if (reading.status === 'reading') return <Waiting forWhat={words.licencesReading} />;
  if (reading.status === 'failed')
    return <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} announce />;
  return (
    <pre className={styles.text} tabIndex={0} role="group" aria-label={words.licencesTitle}>
      {reading.value.text}
    </pre>
  );
}
