/** Connected, but the pack that makes an agent a worker is not here: what is waited for, since when, and what brings it. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { workerPackName } from '../../../../src-contract/packs.ts';
import { Card } from '../../../shared/card.tsx';
import { CopyButton } from '../../../shared/copy-button.tsx';
import { formatSpan } from '../../../shared/format.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { PlaceLink } from '../../parts/place-link.tsx';

const useStyles = makeStyles({
  text: { margin: '0 0 12px', maxWidth: '70ch' },
  command: { display: 'flex', alignItems: 'center', gap: '12px', marginBottom: '12px' },
  code: {
    flexGrow: 1,
    minWidth: 0,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: '4px',
    padding: '8px 12px',
    overflowWrap: 'anywhere',
  },
});

export function WaitingForPack({ workspaceId, workspaceName }: { workspaceId: string; workspaceName: string }) {
  const styles = useStyles();
  const words = texts.group.pack;
  const command = `hrw pack add --workspace ${workspaceId} --pack ${workerPackName}`;
  return (
    <Card title={words.title(workerPackName)} aside={<WaitingSince />}>
      <p className={styles.text}>{words.text(workspaceName)}</p>
      <p className={styles.text}>{words.how}</p>
      <div className={styles.command}>
        <code className={styles.code}>{command}</code>
        <CopyButton text={command} label={texts.command.copy} />
      </div>
      <PlaceLink to={{ page: 'events' }}>{words.seeEvents}</PlaceLink>
    </Card>
  );
}

/** How long this page has been waiting; the connection itself may be days older. */
function WaitingSince() {
  const now = useNow();
  const [start] = useState(now);
  const span = formatSpan(now.getTime() - start.getTime());
  return span === undefined ? null : <>{texts.group.pack.waitingFor(span)}</>;
}
