/** Trying the way that the form describes: each stage with its time, and what kept the service from being reached. Changes nothing. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { WayTest } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { ProgressSteps } from '../../parts/progress-steps.tsx';
import { RoleButton } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { testArguments, type ConnectionForm } from './connection-form.ts';
import { testSteps } from './test-steps.ts';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: '12px', alignItems: 'stretch' },
  button: { alignSelf: 'flex-start' },
  said: { margin: 0, color: tokens.colorNeutralForeground2 },
});

interface WayTestProps {
  form: ConnectionForm;
  /** Answers whether it can be tried: what is missing is marked in the form then. */
  mayTest: () => boolean;
}

export function WayTestPart({ form, mayTest }: WayTestProps) {
  const styles = useStyles();
  const { bridge } = useServices();
  const words = texts.connection.test;
  const [tried, setTried] = useState<{ key: string; found: WayTest }>();
  const test = useAction((sent: ConnectionForm) => bridge.call('connection:test', testArguments(sent)));
  const { serviceUrl, trustKind, authorityPem, fingerprint, proxyKind, proxyUrl, proxyUser, proxyPassword } = form;
  // What was found holds for what was tried.
  const key = JSON.stringify([serviceUrl, trustKind, authorityPem, fingerprint, proxyKind, proxyUrl, proxyUser, proxyPassword]);
  const found = tried?.key === key ? tried.found : undefined;
  const run = async (): Promise<void> => {
    setTried(undefined);
    const value = mayTest() ? await test.run(form) : undefined;
    if (value !== undefined) setTried({ key, found: value });
  };
  return (
    <div className={styles.part}>
      <RoleButton call="connection:test" className={styles.button} disabled={test.pending} onClick={() => void run()}>
        {test.pending ? words.testing : words.action}
      </RoleButton>
      <div className={styles.part} role="status">
        {found !== undefined && (
          <p className={styles.said}>
            <Words>{words.through(found.proxy, found.because)}</Words>
            {found.certificate !== null && ` ${words.issued(found.certificate.issuer)}`}
          </p>
        )}
        {found !== undefined && <ProgressSteps steps={testSteps(found)} label={words.stages} />}
      </div>
      {found !== undefined && found.problem !== null && <ProblemCard problem={found.problem} announce />}
      {test.problem !== null && <ProblemCard problem={test.problem} announce />}
    </div>
  );
}
