/** Navigation at the left, the page at the right, and what stands in place of both while the worker cannot be asked. */
import { Button, makeStyles, tokens, useFocusFinders } from '@fluentui/react-components';
import { useCallback, useEffect, useRef } from 'react';
import type { Problem } from '../../../src-contract/problems.ts';
import { ReturnsContext, useAction } from '../../shared/call.ts';
import { CopyContext } from '../../shared/copy-button.tsx';
import { Waiting } from '../../shared/empty-state.tsx';
import { Page } from '../../shared/page.tsx';
import { ProblemCard, SaidAboveContext } from '../../shared/problem-card.tsx';
import { texts } from '../../texts.ts';
import { formatPlace } from '../state/place.ts';
import { usePlace, useServices, useWorkerView } from '../state/services.ts';
import { standingOf } from '../state/status.ts';
import { Navigation } from './navigation.tsx';
import { PageAt } from './page-at.tsx';

const useStyles = makeStyles({
  frame: {
    height: '100%',
    display: 'grid',
    gridTemplateColumns: '208px minmax(0, 1fr)',
    '@media (max-width: 700px)': { gridTemplateColumns: '56px minmax(0, 1fr)' },
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
  },
  content: { minWidth: 0, height: '100%', overflow: 'hidden', outlineStyle: 'none', display: 'flex', flexDirection: 'column' },
  // What the page below says may be out of date.
  lost: { padding: '16px 28px 0', flexShrink: 0, display: 'flex', flexDirection: 'column', gap: '8px' },
  page: { flexGrow: 1, minHeight: 0 },
});

export function AppFrame() {
  const styles = useStyles();
  const { bridge } = useServices();
  const view = useWorkerView();
  const place = usePlace();
  const content = useRef<HTMLDivElement>(null);
  const copy = useCallback(async (text: string) => (await bridge.shell('shell:copy-text', { text })).ok, [bridge]);
  const { sentence } = standingOf(view);
  // Keeps Fluent's guard of dialogs alive. Its last user takes it along when it goes (react-tabster 9.74): a dialog that is answered on
  // a page without another user would leave the whole page hidden from screen readers.
  useFocusFinders();

  // A new page is read from its top, also by a screen reader; the first one keeps the focus where the window put it.
  const firstPlace = useRef(formatPlace(place));
  useEffect(() => {
    if (firstPlace.current === formatPlace(place)) return;
    firstPlace.current = '';
    content.current?.focus();
  }, [place]);
  useEffect(() => {
    document.title = `${texts.programName}: ${sentence}`;
  }, [sentence]);

  return (
    <CopyContext value={copy}>
      <ReturnsContext value={view.returns}>
        <div className={styles.frame}>
          <Navigation />
          <div ref={content} className={styles.content} tabIndex={-1}>
            {view.worker !== null && view.lost !== null && (
              <div className={styles.lost}>
                <WorkerGone problem={view.lost} />
              </div>
            )}
            <SaidAboveContext value={view.worker === null ? undefined : view.lost?.code}>
              <div className={styles.page}>
                {view.worker === null ? <NoWorkerYet /> : <PageAt key={formatPlace(place)} place={place} worker={view.worker} />}
              </div>
            </SaidAboveContext>
          </div>
        </div>
      </ReturnsContext>
    </CopyContext>
  );
}

/** What the window can do about it is one press away. */
function WorkerGone({ problem }: { problem: Problem }) {
  const { bridge } = useServices();
  const start = useAction(() => bridge.shell('shell:start-worker', {}));
  return (
    <>
      <ProblemCard
        problem={problem}
        announce
        actions={
          <Button appearance="primary" disabled={start.pending} onClick={() => void start.run()}>
            {start.pending ? texts.gone.starting : texts.gone.start}
          </Button>
        }
      />
      {start.problem !== null && <ProblemCard problem={start.problem} announce />}
    </>
  );
}

/** Before the first answer: nothing is known, so nothing is shown as if it were. */
function NoWorkerYet() {
  const view = useWorkerView();
  const { worker } = useServices();
  if (view.lost === null) {
    return (
      <Page title={texts.overview.asking} mark="waiting">
        <Waiting forWhat={texts.overview.askingFor} />
      </Page>
    );
  }
  const again = <Button onClick={() => void worker.load()}>{texts.tryAgain}</Button>;
  return (
    <Page title={texts.overview.cannotAsk} mark="bad">
      <ProblemCard problem={view.lost} actions={again} announce />
    </Page>
  );
}
