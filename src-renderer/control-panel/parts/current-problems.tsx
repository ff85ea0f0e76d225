/** The problems that the worker has now, each with what repairs it. `of`: only those that are repaired on that page. */
import type { WorkerState } from '../../../src-contract/engine-calls.ts';
import { Ago } from '../../shared/moment.tsx';
import { ProblemCard } from '../../shared/problem-card.tsx';
import { texts } from '../../texts.ts';
import { formatPlace, type PageName } from '../state/place.ts';
import { usePlace, useWorkerView } from '../state/services.ts';
import { isGone } from '../state/worker-view.ts';
import { PlaceButton } from './place-link.tsx';
import { placeOfProblem } from './problem-places.ts';

export function CurrentProblems({ worker, of }: { worker: WorkerState; of?: PageName }) {
  // Of a worker that is gone nothing is known but that.
  const gone = isGone(useWorkerView());
  const problems = (gone ? [] : worker.problems).filter((problem) => of === undefined || placeOfProblem(problem)?.page === of);
  return problems.map((problem) => (
    <ProblemCard
      key={`${problem.code} ${problem.title}`}
      problem={problem}
      since={
        <>
          <Ago time={problem.since} />
          {problem.times > 1 && ` · ${texts.problem.times(problem.times)}`}
        </>
      }
      actions={<ProblemAction problem={problem} />}
    />
  ));
}

export function ProblemAction({ problem }: { problem: WorkerState['problems'][number] }) {
  const here = formatPlace(usePlace());
  const place = placeOfProblem(problem);
  if (place === undefined || formatPlace(place) === here) return null;
  const label = 'id' in place ? texts.openJob : texts.openPage(texts.navigation.pages[place.page]);
  return <PlaceButton to={place}>{label}</PlaceButton>;
}
