/** Four groups of links, and at the foot the sentence that says how this worker is. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Clock20Regular } from '@fluentui/react-icons/svg/clock';
import { Add20Regular } from '@fluentui/react-icons/svg/add';
import { Home20Regular } from '@fluentui/react-icons/svg/home';
import { Notebook20Regular } from '@fluentui/react-icons/svg/notebook';
import { PeopleTeam20Regular } from '@fluentui/react-icons/svg/people-team';
import { Play20Regular } from '@fluentui/react-icons/svg/play';
import { PlugConnected20Regular } from '@fluentui/react-icons/svg/plug-connected';
import { Stethoscope20Regular } from '@fluentui/react-icons/svg/stethoscope';
import { Settings20Regular } from '@fluentui/react-icons/svg/settings';
import { Mark } from '../../shared/marks.tsx';
import { texts } from '../../texts.ts';
import { placeLink, type PageName } from '../state/place.ts';
import { usePlace, useWorkerView } from '../state/services.ts';
import { standingOf } from '../state/status.ts';
import { isGone, isRunning, runningJobs } from '../state/worker-view.ts';

const groups: { title: string | null; pages: { page: PageName; icon: React.ReactNode }[] }[] = [
  { title: null, pages: [{ page: 'overview', icon: <Home20Regular aria-hidden /> }] },
  {
    title: texts.navigation.jobs,
    pages: [
      { page: 'running', icon: <Play20Regular aria-hidden /> },
      { page: 'history', icon: <Clock20Regular aria-hidden /> },
      { page: 'start', icon: <Add20Regular aria-hidden /> },
    ],
  },
  {
    title: texts.navigation.thisWorker,
    pages: [
      { page: 'connection', icon: <PlugConnected20Regular aria-hidden /> },
      { page: 'group', icon: <PeopleTeam20Regular aria-hidden /> },
    ],
  },
  {
    title: texts.navigation.health,
    pages: [
      { page: 'events', icon: <Notebook20Regular aria-hidden /> },
      { page: 'diagnostics', icon: <Stethoscope20Regular aria-hidden /> },
      { page: 'settings', icon: <Settings20Regular aria-hidden /> },
    ],
  },
];

/** Much enlarged, or in a corner of the screen: only the pictures are left. The words stay for those who listen. */
const narrow = '@media (max-width: 700px)';
/** Nine pictures and the foot are as high as this: lower than that they move together, so that none is out of sight. */
const low = '@media (max-width: 700px) and (max-height: 390px)';
const outOfSight = { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' } as const;

const useStyles = makeStyles({
  navigation: {
    backgroundColor: tokens.colorNeutralBackground3,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    display: 'flex',
    flexDirection: 'column',
    padding: '8px',
    boxSizing: 'border-box',
    minHeight: 0,
    [low]: { padding: '4px 8px' },
  },
  groups: { flexGrow: 1, overflowY: 'auto', overflowX: 'hidden', minHeight: 0, [narrow]: { scrollbarWidth: 'thin' } },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  title: {
    margin: '14px 0 4px',
    padding: '0 12px',
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
    [narrow]: outOfSight,
  },
  link: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    height: '34px',
    margin: '1px 0',
    padding: '0 12px',
    [narrow]: { padding: 0, justifyContent: 'center', gap: 0 },
    [low]: { height: '26px', margin: 0 },
    '& > svg': { flexShrink: 0 },
    borderRadius: '6px',
    border: '1px solid transparent',
    boxSizing: 'border-box',
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralBackground3Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    '@media (forced-colors: active)': { border: '1px solid Canvas' },
  },
  current: {
    backgroundColor: tokens.colorNeutralBackground1,
    borderTopColor: tokens.colorNeutralStroke2,
    borderRightColor: tokens.colorNeutralStroke2,
    borderBottomColor: tokens.colorNeutralStroke2,
    borderLeftColor: tokens.colorNeutralStroke2,
    fontWeight: tokens.fontWeightSemibold,
    '@media (forced-colors: active)': { forcedColorAdjust: 'none', backgroundColor: 'Highlight', color: 'HighlightText' },
    '::before': {
      content: '""',
      position: 'absolute',
      left: '-1px',
      top: '8px',
      bottom: '8px',
      width: '3px',
      borderRadius: '2px',
      backgroundColor: tokens.colorCompoundBrandStroke,
      forcedColorAdjust: 'none',
    },
  },
  label: { flexGrow: 1, [narrow]: outOfSight },
  badge: {
    minWidth: '22px',
    padding: '0 6px',
    boxSizing: 'border-box',
    textAlign: 'center',
    borderRadius: '10px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: '20px',
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
    [narrow]: { position: 'absolute', right: '-4px', top: '-4px', minWidth: '18px', lineHeight: '16px', padding: '0 4px' },
  },
  foot: {
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    padding: '12px 12px 8px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    flexShrink: 0,
    [narrow]: { padding: '6px 0', display: 'flex', justifyContent: 'center' },
  },
  standing: {
    display: 'flex',
    gap: '8px',
    fontWeight: tokens.fontWeightSemibold,
    alignItems: 'flex-start',
    overflowWrap: 'anywhere',
  },
  mark: { paddingTop: '3px', [narrow]: { paddingTop: 0 } },
  where: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere', marginTop: '2px', [narrow]: outOfSight },
  sentence: { [narrow]: outOfSight },
});

export function Navigation() {
  const styles = useStyles();
  const place = usePlace();
  const view = useWorkerView();
  // What a worker that is gone last said is not live.
  const running = isGone(view) ? 0 : runningJobs(view).length;
  const jobsPage = usePageOf(place.page === 'job' ? place.id : null);
  const current = place.page === 'job' ? (jobsPage ?? 'history') : place.page === 'started' ? 'start' : place.page;
  return (
    <nav className={styles.navigation} aria-label={texts.navigation.label}>
      <div className={styles.groups}>
        {groups.map(({ title, pages }) => (
          <section key={title ?? ''} aria-label={title ?? undefined}>
            {title !== null && <div className={styles.title}>{title}</div>}
            <ul className={styles.list}>
              {pages.map(({ page, icon }) => (
                <li key={page}>
                  <a
                    href={placeLink({ page })}
                    className={mergeClasses(styles.link, page === current && styles.current)}
                    aria-current={page === current ? 'page' : undefined}
                    draggable={false}
                    title={texts.navigation.pages[page]}
                  >
                    {icon}
                    <span className={styles.label}>{texts.navigation.pages[page]}</span>
                    {page === 'running' && running > 0 && (
                      <span className={styles.badge} aria-label={texts.navigation.runningJobs(running)}>
                        {running}
                      </span>
                    )}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <Foot />
    </nav>
  );
}

/** A job's page belongs to the list in which the job stands now. */
function usePageOf(jobId: string | null): PageName | undefined {
  const { jobs } = useWorkerView();
  if (jobId === null) return undefined;
  const job = [...jobs.values()].find((one) => one.sandboxId === jobId || one.jobId === jobId);
  return job !== undefined && isRunning(job) ? 'running' : 'history';
}

function Foot() {
  const styles = useStyles();
  const view = useWorkerView();
  const { mark, sentence } = standingOf(view);
  const { worker, role } = view;
  return (
    <div className={styles.foot} role="status" data-testid="standing" title={sentence}>
      <div className={styles.standing}>
        <span className={styles.mark}>
          <Mark name={mark} size={11} />
        </span>
        <span className={styles.sentence}>{sentence}</span>
      </div>
      {worker !== null && (
        <div className={styles.where}>
          {worker.registration === null
            ? worker.machineName
            : texts.navigation.whereInGroup(worker.machineName, worker.registration.groupName)}
        </div>
      )}
      {role !== null && role !== 'administrator' && <div className={styles.where}>{texts.role.here[role]}</div>}
    </div>
  );
}
