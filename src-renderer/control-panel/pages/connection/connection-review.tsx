/** Everything that a change of the connection would change, before it does, each value beside what it is now. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import { Card } from '../../../shared/card.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import type { ConnectionChange } from './connection-changes.ts';

const useStyles = makeStyles({
  text: { margin: '0 0 12px', maxWidth: '70ch' },
  table: { borderCollapse: 'collapse', width: '100%', tableLayout: 'fixed' },
  first: { width: '18%' },
  name: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, fontWeight: 'normal' },
  cell: { textAlign: 'start', padding: '4px 16px 4px 0', verticalAlign: 'top', overflowWrap: 'anywhere' },
  next: { fontWeight: tokens.fontWeightSemibold },
});

export function ConnectionReview({ changes, asked }: { changes: readonly ConnectionChange[]; asked: React.ReactNode }) {
  const styles = useStyles();
  const words = texts.connection.review;
  // The form was left for it: it is read from its beginning.
  const start = useRef<HTMLTableElement>(null);
  useEffect(() => start.current?.focus(), []);
  return (
    <Card title={words.title}>
      <p className={styles.text}>{asked}</p>
      <table ref={start} tabIndex={-1} className={styles.table} aria-label={words.title}>
        <thead>
          <tr>
            <th className={mergeClasses(styles.cell, styles.name, styles.first)} scope="col">
              {words.what}
            </th>
            <th className={mergeClasses(styles.cell, styles.name)} scope="col">
              {words.now}
            </th>
            <th className={mergeClasses(styles.cell, styles.name)} scope="col">
              {words.then}
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ name, from, to }) => (
            <tr key={name}>
              <th className={mergeClasses(styles.cell, styles.name)} scope="row">
                {name}
              </th>
              <td className={styles.cell}>
                <Words>{from}</Words>
              </td>
              <td className={mergeClasses(styles.cell, styles.next)}>
                <Words>{to}</Words>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
