/** The way from an installed machine to one that runs jobs, with where it stands now. Gone once the machine is in a group. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Checkmark16Filled } from '@fluentui/react-icons/svg/checkmark';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { workerPackName } from '../../../../src-contract/packs.ts';
import { Card } from '../../../shared/card.tsx';
import { texts } from '../../../texts.ts';
import { PlaceLink } from '../../parts/place-link.tsx';

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'flex', flexDirection: 'column', gap: '12px' },
  step: { display: 'flex', gap: '12px', alignItems: 'flex-start' },
  number: {
    width: '24px',
    height: '24px',
    borderRadius: '12px',
    flexShrink: 0,
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    color: tokens.colorNeutralForeground3,
    boxSizing: 'border-box',
  },
  done: {
    backgroundColor: tokens.colorStatusSuccessBackground1,
    color: tokens.colorStatusSuccessForeground1,
    borderTopColor: 'transparent',
    borderRightColor: 'transparent',
    borderBottomColor: 'transparent',
    borderLeftColor: 'transparent',
  },
  now: {
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    borderTopColor: 'transparent',
    borderRightColor: 'transparent',
    borderBottomColor: 'transparent',
    borderLeftColor: 'transparent',
  },
  words: { lineHeight: '24px' },
  title: { fontWeight: tokens.fontWeightSemibold },
  later: { color: tokens.colorNeutralForeground3 },
  text: { color: tokens.colorNeutralForeground2, lineHeight: '20px' },
});

export function GettingStartedCard({ worker }: { worker: WorkerState }) {
  const styles = useStyles();
  const words = texts.overview.start;
  const isConnected = worker.connection !== null && worker.status !== 'connecting';
  const hasPack = worker.packs.some((pack) => pack.name === workerPackName);
  const now = !isConnected ? 0 : !hasPack ? 1 : 2;
  const steps = [
    { title: <PlaceLink to={{ page: 'connection' }}>{words.connect}</PlaceLink>, text: words.connectText },
    { title: words.pack, text: words.packText },
    { title: <PlaceLink to={{ page: 'group' }}>{words.join}</PlaceLink>, text: words.joinText },
  ];
  return (
    <Card title={words.title}>
      <ol className={styles.list}>
        {steps.map(({ title, text }, index) => (
          <li key={index} className={styles.step} aria-current={index === now ? 'step' : undefined}>
            <span className={mergeClasses(styles.number, index < now && styles.done, index === now && styles.now)}>
              {index < now ? <Checkmark16Filled aria-label={texts.steps.done} /> : index + 1}
            </span>
            <div className={styles.words}>
              <div className={mergeClasses(styles.title, index > now && styles.later)}>{title}</div>
              {index === now && <div className={styles.text}>{text}</div>}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
