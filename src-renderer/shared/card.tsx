/** A card: hairline border, 8 px corners, 16 px inside, no shadow. And what stands in cards: a heading row, facts. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';

const useStyles = makeStyles({
  card: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    padding: '16px',
    minWidth: 0,
    boxSizing: 'border-box',
  },
  heading: { display: 'flex', alignItems: 'baseline', justifyContent: 'space-between', gap: '12px', marginBottom: '8px' },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    fontWeight: tokens.fontWeightSemibold,
  },
  aside: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, textAlign: 'right' },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'minmax(96px, max-content) minmax(0, 1fr)',
    columnGap: '24px',
    rowGap: '6px',
    margin: 0,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
  },
  name: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    margin: 0,
  },
  value: { margin: 0, overflowWrap: 'anywhere', whiteSpace: 'pre-line' },
  fixedWidth: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

interface CardProps {
  title?: React.ReactNode;
  aside?: React.ReactNode;
  children: React.ReactNode;
  className?: string;
}

export function Card({ title, aside, children, className }: CardProps) {
  const styles = useStyles();
  return (
    <section className={mergeClasses(styles.card, className)}>
      {title !== undefined && (
        <div className={styles.heading}>
          <h2 className={styles.title}>{title}</h2>
          {aside !== undefined && <span className={styles.aside}>{aside}</span>}
        </div>
      )}
      {children}
    </section>
  );
}

export interface Fact {
  name: string;
  value: React.ReactNode;
  /** Ids, paths, fingerprints. */
  fixedWidth?: boolean;
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts.map(({ name, value, fixedWidth }) => (
        <FactRow key={name} name={name} className={mergeClasses(styles.value, fixedWidth === true && styles.fixedWidth)}>
          {value}
        </FactRow>
      ))}
    </dl>
  );
}

function FactRow({ name, className, children }: { name: string; className: string; children: React.ReactNode }) {
  const styles = useStyles();
  return (
    <>
      <dt className={styles.name}>{name}</dt>
      <dd className={className}>{children}</dd>
    </>
  );
}
