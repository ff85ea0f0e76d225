/** Which runbook, with what, where? For those whose token the service allows it. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { ServiceAccessView } from '../../../../src-contract/service-desk.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState, Waiting } from '../../../shared/empty-state.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { PlaceButton } from '../../parts/place-link.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { StartForm, isAboutToken } from './start-form.tsx';
import { TokenForm } from './token-form.tsx';

const words = texts.start;
const useStyles = makeStyles({
  kept: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: '12px',
    flexWrap: 'wrap',
    maxWidth: '720px',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  where: { flex: '1 1 320px', overflowWrap: 'anywhere' },
  actions: { display: 'flex', gap: '8px' },
});

export function StartPage() {
  const { bridge } = useServices();
  const registration = useWorkerView().worker?.registration;
  const [changed, setChanged] = useState<ServiceAccessView>();
  // Another registration is another service, or none.
  const { reading, readAgain } = useReading(
    () => bridge.shell('service:access', {}),
    `${registration?.accountId ?? ''} ${registration?.groupName ?? ''} ${registration?.since ?? ''}`,
  );
  if (reading.status === 'reading') {
    return (
      <Page title={words.titleReading} mark="waiting">
        <Waiting forWhat={words.reading} />
      </Page>
    );
  }
  if (reading.status === 'failed') {
    return (
      <Page title={words.titleCannot} mark="bad">
        <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} announce />
      </Page>
    );
  }
  const access = changed?.service?.restApiUri === reading.value.service?.restApiUri ? (changed ?? reading.value) : reading.value;
  if (access.service === null) return <NoService isInGroup={registration !== null && registration !== undefined} />;
  return <WithService access={access} service={access.service} onAccess={setChanged} />;
}

function NoService({ isInGroup }: { isInGroup: boolean }) {
  const open = <PlaceButton to={{ page: 'group' }}>{texts.openPage(texts.navigation.pages.group)}</PlaceButton>;
  const title = isInGroup ? words.titleNoAddress : words.titleNoGroup;
  return (
    <Page mark="off" title={title}>
      <Card>
        <EmptyState
          title={isInGroup ? words.noAddressTitle : texts.group.titleNone}
          text={isInGroup ? words.noAddressText : words.noGroupText}
          action={open}
        />
      </Card>
    </Page>
  );
}

interface WithServiceProps {
  access: ServiceAccessView;
  service: NonNullable<ServiceAccessView['service']>;
  onAccess: (access: ServiceAccessView) => void;
}

function WithService({ access, service, onAccess }: WithServiceProps) {
  const [isAskingAnew, setAskingAnew] = useState(false);
  const where = words.lead(service.accountName, new URL(service.restApiUri).host);
  if (access.kept === null || isAskingAnew) {
    return (
      <Page mark="todo" title={words.token.title} lead={`${where} ${words.token.lead}`}>
        <TokenForm
          access={access}
          onKept={(kept) => {
            setAskingAnew(false);
            onAccess(kept);
          }}
          onCancel={access.kept === null ? undefined : () => setAskingAnew(false)}
        />
      </Page>
    );
  }
  return (
    <Page title={words.title} lead={where}>
      {/* Another token may see another account's world: nothing of the old one's stays. */}
      <Choices key={access.kept.since} ownGroup={service.groupName} onAnotherToken={() => setAskingAnew(true)} />
      <KeptToken kept={access.kept} onAccess={onAccess} onAnother={() => setAskingAnew(true)} />
    </Page>
  );
}

function Choices({ ownGroup, onAnotherToken }: { ownGroup: string; onAnotherToken: () => void }) {
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.shell('service:choices', {}), 'choices');
  if (reading.status === 'reading') return <Waiting forWhat={words.choosing} />;
  if (reading.status === 'failed') {
    const another = isAboutToken(reading.problem) && <Button onClick={onAnotherToken}>{words.token.another}</Button>;
    return (
      <ProblemCard
        problem={reading.problem}
        actions={
          <>
            {another}
            <TryAgainButton onClick={readAgain} />
          </>
        }
        announce
      />
    );
  }
  if (reading.value.runbooks.length === 0) {
    return (
      <Card>
        <EmptyState title={words.noRunbooksTitle} text={<Words>{words.noRunbooksText}</Words>} />
      </Card>
    );
  }
  return <StartForm choices={reading.value} ownGroup={ownGroup} onAnotherToken={onAnotherToken} />;
}

interface KeptTokenProps {
  kept: NonNullable<ServiceAccessView['kept']>;
  onAccess: (access: ServiceAccessView) => void;
  onAnother: () => void;
}

function KeptToken({ kept, onAccess, onAnother }: KeptTokenProps) {
  const styles = useStyles();
  const { bridge } = useServices();
  const forget = useAction(() => bridge.shell('service:forget-token', {}));
  const { kept: says } = words.token;
  return (
    <div className={styles.kept}>
      <span className={styles.where}>
        {`${says.since} `}
        <Moment time={kept.since} />
        {kept.how === 'encrypted' ? says.encrypted : says.file(kept.file)}
      </span>
      <span className={styles.actions}>
        <Button size="small" onClick={onAnother}>
          {words.token.another}
        </Button>
        <Button
          size="small"
          disabled={forget.pending}
          onClick={() => void forget.run().then((access) => access !== undefined && onAccess(access))}
        >
          {words.token.forget}
        </Button>
      </span>
    </div>
  );
}
