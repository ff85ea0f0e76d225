/** Everything that will be done, before it is: each value with the way back to it, and the command that does the same. */
import { Link, makeStyles, tokens } from '@fluentui/react-components';
import { Card } from '../../../shared/card.tsx';
import { CommandBlock } from '../../../shared/command-block.tsx';
import { texts } from '../../../texts.ts';

const useStyles = makeStyles({
  text: { margin: '0 0 12px', maxWidth: '70ch' },
  list: {
    display: 'grid',
    gridTemplateColumns: 'minmax(96px, max-content) minmax(0, 1fr) max-content',
    columnGap: '24px',
    rowGap: '4px',
    alignItems: 'center',
    margin: 0,
  },
  row: { display: 'contents' },
  name: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  value: { margin: 0, overflowWrap: 'anywhere', minHeight: '28px', display: 'flex', alignItems: 'center' },
  change: { margin: 0, fontSize: tokens.fontSizeBase200 },
});

export interface ReviewedFact {
  name: string;
  value: string;
  /** Leads back to where it was entered. */
  onChange?: () => void;
}

interface ReviewStepProps {
  does: React.ReactNode;
  facts: readonly ReviewedFact[];
  commands: React.ComponentProps<typeof CommandBlock>['commands'];
}

export function ReviewStep({ does, facts, commands }: ReviewStepProps) {
  const styles = useStyles();
  return (
    <>
      <Card>
        <p className={styles.text}>{does}</p>
        <dl className={styles.list}>
          {facts.map(({ name, value, onChange }) => (
            <div key={name} className={styles.row}>
              <dt className={styles.name}>{name}</dt>
              <dd className={styles.value}>{value}</dd>
              <dd className={styles.change}>
                {onChange !== undefined && (
                  <Link as="button" type="button" onClick={onChange} aria-label={texts.group.changeWhat(name)}>
                    {texts.group.change}
                  </Link>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </Card>
      <CommandBlock commands={commands} />
    </>
  );
}
