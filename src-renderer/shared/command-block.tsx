/** "The same as a command": folded away, copied with one press. Secrets are named, never shown. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { texts } from '../texts.ts';
import { CopyButton } from './copy-button.tsx';

const useStyles = makeStyles({
  block: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    padding: '12px 16px',
  },
  summary: { fontWeight: tokens.fontWeightSemibold, cursor: 'pointer', lineHeight: '20px' },
  command: { marginTop: '12px', display: 'flex', alignItems: 'flex-start', gap: '12px' },
  label: { marginTop: '12px', marginBottom: 0, color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  code: {
    flexGrow: 1,
    minWidth: 0,
    margin: 0,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: '18px',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    color: tokens.colorNeutralForeground2,
  },
});

export function CommandBlock({ commands }: { commands: readonly { label: string; command: string }[] }) {
  const styles = useStyles();
  return (
    <details className={styles.block}>
      <summary className={styles.summary}>{texts.command.title}</summary>
      {commands.map(({ label, command }) => (
        <div key={label}>
          <p className={styles.label}>{label}</p>
          <div className={styles.command}>
            <pre className={styles.code}>{command}</pre>
            <CopyButton text={command} label={texts.command.copy} subtle />
          </div>
        </div>
      ))}
    </details>
  );
}
