/**
 * A page: its title is the answer to the page's question, with the state's shape before it; actions at the right; then content.
 * `fills`: a list takes the height that is left and scrolls within; otherwise the page scrolls.
 */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Mark, type MarkName } from './marks.tsx';

const useStyles = makeStyles({
  page: {
    height: '100%',
    boxSizing: 'border-box',
    padding: '20px 28px 24px',
    display: 'flex',
    flexDirection: 'column',
    gap: '16px',
    minWidth: 0,
    '@media (max-width: 980px)': { padding: '16px 20px 20px' },
  },
  scrolls: { overflowY: 'auto' },
  // Too low for a list of its own height (a small window, enlarged): the page scrolls too.
  fills: { overflow: 'hidden', '@media (max-height: 560px)': { overflowY: 'auto' } },
  head: {
    display: 'flex',
    alignItems: 'flex-start',
    gap: '16px',
    flexShrink: 0,
    '@media (max-width: 700px)': { flexDirection: 'column', gap: '8px' },
  },
  words: { flexGrow: 1, minWidth: 0 },
  title: {
    margin: 0,
    fontSize: '22px',
    lineHeight: '30px',
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
    outlineStyle: 'none',
  },
  titleRow: { display: 'flex', alignItems: 'center', columnGap: '12px', rowGap: '4px', flexWrap: 'wrap' },
  marked: { display: 'flex', alignItems: 'baseline', gap: '10px', minWidth: 0 },
  lead: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase300, lineHeight: '20px', marginTop: '2px' },
  actions: { display: 'flex', gap: '8px', flexShrink: 0, flexWrap: 'wrap', justifyContent: 'flex-end', paddingTop: '2px' },
});

interface PageProps {
  mark?: MarkName;
  title: React.ReactNode;
  /** Beside the title: a badge. */
  beside?: React.ReactNode;
  /** Above the title: the way here. */
  above?: React.ReactNode;
  /** One or two lines under the title. */
  lead?: React.ReactNode;
  actions?: React.ReactNode;
  fills?: boolean;
  children: React.ReactNode;
}

export function Page({ mark, title, beside, above, lead, actions, fills = false, children }: PageProps) {
  const styles = useStyles();
  return (
    <main className={mergeClasses(styles.page, fills ? styles.fills : styles.scrolls)}>
      <div className={styles.head}>
        <div className={styles.words}>
          {above}
          <div className={styles.titleRow}>
            <div className={styles.marked}>
              {mark !== undefined && <Mark name={mark} />}
              <h1 className={styles.title} id="page-title">
                {title}
              </h1>
            </div>
            {beside}
          </div>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </main>
  );
}
