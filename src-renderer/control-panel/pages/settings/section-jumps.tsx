/** A long page's sections, each a press away: it comes into sight, and the keyboard goes on from there. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { placeLink } from '../../state/place.ts';
import { usePlace } from '../../state/services.ts';

export interface JumpTarget {
  /** Of its `Section`. */
  id: string;
  title: string;
}

const useStyles = makeStyles({
  list: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', margin: 0, padding: 0, listStyleType: 'none' },
  link: {
    color: tokens.colorBrandForegroundLink,
    borderRadius: '4px',
    lineHeight: '24px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  section: { outlineStyle: 'none', scrollMarginTop: '12px', ':empty': { display: 'none' } },
});

export function SectionJumps({ label, targets }: { label: string; targets: readonly JumpTarget[] }) {
  const styles = useStyles();
  const here = placeLink(usePlace());
  const jump = (id: string): void => {
    const section = document.getElementById(id);
    section?.scrollIntoView({ block: 'start' });
    section?.focus({ preventScroll: true });
  };
  return (
    <nav aria-label={label}>
      <ul className={styles.list}>
        {targets.map(({ id, title }) => (
          <li key={id}>
            {/* The address is the page's own: a section is no place of the window. */}
            <a
              className={styles.link}
              href={here}
              onClick={(event) => {
                event.preventDefault();
                jump(id);
              }}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function Section({ id, children }: { id: string; children: React.ReactNode }) {
  const styles = useStyles();
  return (
    <div id={id} className={styles.section} tabIndex={-1}>
      {children}
    </div>
  );
}
