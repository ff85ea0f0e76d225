/** The stages of a tried way as steps: those that were passed, the one that failed, those that were not come to. Pure. */
import type { WayTest } from '../../../../src-contract/engine-calls.ts';
import { texts } from '../../../texts.ts';
import type { ShownStep } from '../../parts/shown-steps.ts';

type Stage = WayTest['stages'][number]['stage'];

export function testSteps({ proxy, stages, problem }: WayTest): ShownStep[] {
  const words = texts.connection.test;
  const goesThroughProxy = proxy !== null || stages.some(({ stage }) => stage === 'proxy');
  const planned: Stage[] = goesThroughProxy ? ['proxy', 'tunnel', 'encrypted', 'answer'] : ['reached', 'encrypted', 'answer'];
  const passed = new Map(stages.map(({ stage, tookMs }) => [stage, tookMs]));
  const failedAt = problem === null ? undefined : planned.find((stage) => !passed.has(stage));
  return planned.map((stage) => {
    const tookMs = passed.get(stage);
    const status = tookMs !== undefined ? 'done' : stage === failedAt ? 'failed' : 'later';
    return { key: stage, label: words.stageNames[stage], status, detail: tookMs === undefined ? '' : words.took(tookMs) };
  });
}
