/** What every table has whose rows are all here: copied as text, and saved as a file. Of what is shown, in its order. */
import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { ArrowDownload20Regular } from '@fluentui/react-icons/svg/arrow-download';
import { useState } from 'react';
import { tabbedLine } from '../../../src-contract/cells.ts';
import { useAction } from '../../shared/call.ts';
import { CopyButton } from '../../shared/copy-button.tsx';
import { ProblemCard } from '../../shared/problem-card.tsx';
import { texts } from '../../texts.ts';
import { useServices } from '../state/services.ts';

/** A column as text: times as ISO, spans in milliseconds. */
export interface TextColumn<Row> {
  key: string;
  title: string;
  text: (row: Row) => string | number | null;
}

const useStyles = makeStyles({
  tools: { display: 'flex', gap: '8px', flexWrap: 'wrap', alignItems: 'center', flexShrink: 0 },
  button: { whiteSpace: 'nowrap' },
  menu: { zIndex: 10 },
  said: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

interface TableToolsProps<Row> {
  /** Of the file that is offered. */
  name: string;
  columns: readonly TextColumn<Row>[];
  rows: readonly Row[];
}

export function TableTools<Row>({ name, columns, rows }: TableToolsProps<Row>) {
  const styles = useStyles();
  const { bridge } = useServices();
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  const save = useAction((format: 'csv' | 'json') =>
    bridge.shell('shell:export-table', { name, columns: columns.map(({ key, title }) => ({ key, title })), rows: cells, format }),
  );
  const [said, setSaid] = useState('');
  const run = async (format: 'csv' | 'json'): Promise<void> => {
    setSaid('');
    const value = await save.run(format);
    if (value !== undefined && value.file !== null) setSaid(texts.list.exported(value.rows, value.file));
  };
  return (
    <>
      <div className={styles.tools}>
        <CopyButton
          text={() => cells.map((line) => tabbedLine(line.map((cell) => String(cell ?? '')))).join('\n')}
          label={texts.list.copy(rows.length)}
        />
        <Menu inline positioning="below-end">
          <MenuTrigger disableButtonEnhancement>
            <MenuButton className={styles.button} icon={<ArrowDownload20Regular />} disabled={save.pending}>
              {save.pending ? texts.list.exporting : texts.list.export}
            </MenuButton>
          </MenuTrigger>
          <MenuPopover className={styles.menu}>
            <MenuList>
              <MenuItem onClick={() => void run('csv')}>{texts.list.asCsv}</MenuItem>
              <MenuItem onClick={() => void run('json')}>{texts.list.asJson}</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
        <span className={styles.said} role="status">
          {said}
        </span>
      </div>
      {save.problem !== null && (
        <ProblemCard
          problem={save.problem}
          actions={<Button onClick={() => save.clear()}>{texts.job.save.dismiss}</Button>}
          announce
        />
      )}
    </>
  );
}
