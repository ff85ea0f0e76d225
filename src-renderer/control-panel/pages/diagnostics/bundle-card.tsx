/** A zip for whoever is asked for help: made when asked for, shown, then saved as it was shown. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { ShellValue } from '../../../../src-contract/window-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { formatBytes } from '../../../shared/format.ts';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

const words = texts.diagnostics.bundle;
const useStyles = makeStyles({
  hint: { margin: '0 0 12px', color: tokens.colorNeutralForeground2, lineHeight: '20px' },
  table: { width: '100%', borderCollapse: 'collapse', marginBottom: '12px', tableLayout: 'fixed' },
  head: {
    textAlign: 'left',
    padding: '4px 12px 4px 0',
    fontWeight: tokens.fontWeightSemibold,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  cell: {
    padding: '6px 12px 6px 0',
    verticalAlign: 'top',
    lineHeight: '20px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    overflowWrap: 'anywhere',
  },
  name: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  nameColumn: { width: '140px' },
  sizeColumn: { width: '84px' },
  actions: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: '8px' },
  said: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

type Prepared = ShellValue<'shell:prepare-bundle'>;

export function BundleCard() {
  const styles = useStyles();
  const { bridge } = useServices();
  const [prepared, setPrepared] = useState<Prepared>();
  const [said, setSaid] = useState('');
  const prepare = useAction(() => bridge.shell('shell:prepare-bundle', {}));
  const save = useAction((bundleId: string) => bridge.shell('shell:save-bundle', { bundleId }));
  const look = async (): Promise<void> => {
    setSaid('');
    setPrepared(await prepare.run());
  };
  const keep = async ({ bundleId }: Prepared): Promise<void> => {
    const saved = await save.run(bundleId);
    if (saved === undefined || saved.file === null) return;
    setSaid(words.saved(saved.file, formatBytes(saved.bytes)));
    setPrepared(undefined);
  };
  return (
    <Card title={words.title}>
      <p className={styles.hint}>{words.hint}</p>
      {prepared !== undefined && <Contents files={prepared.files} />}
      <div className={styles.actions}>
        {prepared === undefined ? (
          <Button disabled={prepare.pending} onClick={() => void look()}>
            {prepare.pending ? words.preparing : words.prepare}
          </Button>
        ) : (
          <>
            <Button appearance="primary" disabled={save.pending} onClick={() => void keep(prepared)}>
              {save.pending ? words.saving : words.save}
            </Button>
            <Button onClick={() => setPrepared(undefined)}>{words.discard}</Button>
          </>
        )}
        <span className={styles.said} role="status">
          {said}
        </span>
      </div>
      {prepare.problem !== null && <ProblemCard problem={prepare.problem} announce />}
      {save.problem !== null && <ProblemCard problem={save.problem} announce />}
    </Card>
  );
}

function Contents({ files }: Pick<Prepared, 'files'>) {
  const styles = useStyles();
  return (
    <table className={styles.table} aria-label={words.contents}>
      <colgroup>
        <col className={styles.nameColumn} />
        <col className={styles.sizeColumn} />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col" className={styles.head}>
            {words.file}
          </th>
          <th scope="col" className={styles.head}>
            {words.size}
          </th>
          <th scope="col" className={styles.head}>
            {words.about}
          </th>
        </tr>
      </thead>
      <tbody>
        {files.map(({ name, about, bytes }) => (
          <tr key={name}>
            <td className={styles.cell}>
              <span className={styles.name}>{name}</span>
            </td>
            <td className={styles.cell}>{formatBytes(bytes)}</td>
            <td className={styles.cell}>{about}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
