import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { texts } from '../../../texts.ts';

export function GroupFacts({ registration }: { registration: NonNullable<WorkerState['registration']> }) {
  const words = texts.group.facts;
  return (
    <Card title={words.title}>
      <Facts
        facts={[
          { name: words.group, value: registration.groupName },
          { name: words.account, value: registration.accountName ?? words.unnamed },
          { name: words.accountId, value: registration.accountId, fixedWidth: true },
          { name: words.endpoint, value: registration.endpoint, fixedWidth: true },
          { name: words.since, value: <Moment time={registration.since} /> },
          { name: words.machineId, value: registration.machineId, fixedWidth: true },
          { name: words.thumbprint, value: registration.thumbprint, fixedWidth: true },
        ]}
      />
    </Card>
  );
}
