import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { proxyInWords, trustInWords } from './connection-changes.ts';

export function ConnectionFacts({ connection }: { connection: NonNullable<WorkerState['connection']> }) {
  const words = texts.connection.facts;
  const { account } = connection;
  return (
    <Card title={words.title}>
      <Facts
        facts={[
          { name: words.workspace, value: connection.workspaceName },
          { name: words.workspaceId, value: connection.workspaceId, fixedWidth: true },
          { name: words.serviceUrl, value: connection.serviceUrl, fixedWidth: true },
          { name: words.trust, value: <Words>{trustInWords(connection.trust)}</Words> },
          { name: words.proxy, value: proxyInWords(connection.proxy) },
          { name: words.since, value: <Moment time={connection.since} /> },
          { name: words.account, value: account === null ? words.noAccount : account.name },
          ...(account === null ? [] : [{ name: words.endpoint, value: account.endpoint, fixedWidth: true }]),
        ]}
      />
    </Card>
  );
}
