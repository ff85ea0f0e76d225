/** Shapes for states: each differs in form as well as colour, so that they are told apart without seeing colours. Words stand beside them. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';

export type MarkName =
  'good' | 'busy' | 'waiting' | 'paused' | 'draining' | 'todo' | 'attention' | 'bad' | 'unable' | 'off' | 'stopped';

const useStyles = makeStyles({
  mark: { flexShrink: 0, display: 'block', forcedColorAdjust: 'auto' },
  only: { position: 'relative', display: 'inline-flex', verticalAlign: 'middle' },
  outOfSight: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
  good: { color: tokens.colorStatusSuccessForeground1 },
  busy: { color: tokens.colorBrandForeground1 },
  waiting: { color: tokens.colorBrandForeground1 },
  paused: { color: tokens.colorNeutralForeground2 },
  draining: { color: tokens.colorNeutralForeground2 },
  todo: { color: tokens.colorStatusWarningForeground3 },
  attention: { color: tokens.colorStatusWarningForeground3 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  unable: { color: tokens.colorStatusDangerForeground1 },
  off: { color: tokens.colorNeutralForeground3 },
  stopped: { color: tokens.colorNeutralForeground2 },
});

const shapes: Record<MarkName, React.ReactNode> = {
  good: <circle cx="6" cy="6" r="5.5" fill="currentColor" />,
  // A full ring around a full middle: as good, and taken.
  busy: (
    <>
      <circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="6" cy="6" r="2.8" fill="currentColor" />
    </>
  ),
  waiting: <circle cx="6" cy="6" r="4.7" fill="none" stroke="currentColor" strokeWidth="1.8" strokeDasharray="3.4 2" />,
  paused: <path d="M2.5 1h2.4v10H2.5zM7.1 1h2.4v10H7.1z" fill="currentColor" />,
  draining: <path d="M1 3h10L6 10.5z" fill="currentColor" />,
  // Nothing is wrong, but somebody has to do something.
  todo: <rect x="1" y="1" width="10" height="10" rx="2.5" fill="currentColor" />,
  attention: <path d="M6 .8 11.6 11H.4zM5.4 4.4v3.2h1.2V4.4zm0 4.2v1.2h1.2V8.6z" fill="currentColor" fillRule="evenodd" />,
  bad: (
    <path
      d="M3.6.5h4.8l3.1 3.1v4.8l-3.1 3.1H3.6L.5 8.4V3.6zm.4 2.7L3.2 4l2 2-2 2 .8.8 2-2 2 2 .8-.8-2-2 2-2-.8-.8-2 2z"
      fill="currentColor"
      fillRule="evenodd"
    />
  ),
  // As bad, and of another kind: it is reached, and can do nothing.
  unable: <path d="M6 .3 11.7 6 6 11.7.3 6zM3.2 5.2v1.6h5.6V5.2z" fill="currentColor" fillRule="evenodd" />,
  off: <circle cx="6" cy="6" r="4.8" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  stopped: <rect x="1.2" y="1.2" width="9.6" height="9.6" rx="1.2" fill="currentColor" />,
};

/** Decoration: the sentence beside it says the same. */
export function Mark({ name, size = 12 }: { name: MarkName; size?: number }) {
  const styles = useStyles();
  return (
    <svg
      viewBox="0 0 12 12"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
      className={mergeClasses(styles.mark, styles[name])}
      data-mark={name}
    >
      {shapes[name]}
    </svg>
  );
}

/** Where there is no room for the word: it is there on hover, and for those who listen. */
export function MarkOnly({ name, word }: { name: MarkName; word: string }) {
  const styles = useStyles();
  return (
    <span className={styles.only} title={word}>
      <Mark name={name} />
      <span className={styles.outOfSight}>{word}</span>
    </span>
  );
}
