/**
 * A sandbox that was started before its job is there. It makes ready what it can, says so, and waits on standard input, whose end is its own:
 * the engine has no job for it, or is gone.
 */
import type { SandboxHandOver, WarmOrder } from '../../src-contract/sandbox.ts';
import { identifyThisProcess } from '../platform/process-identity.ts';
import { removeFolder } from '../platform/remove-folder.ts';
import { clearGround, type Ground } from './ground.ts';
import { acknowledge, waitForHandOver } from './hand-over.ts';
import type { Runtime } from './ports.ts';
import { prepareWarmGround } from './warm-runtime.ts';

/** undefined: there will be no job, and nothing is left of what was made ready. */
export async function waitAhead(
  order: WarmOrder,
  runtimes: readonly Runtime[],
  inherited: NodeJS.ProcessEnv,
): Promise<{ handOver: SandboxHandOver; ground: Ground } | undefined> {
  const isOver = new AbortController();
  const input = new AbortController();
  // From the first moment on: the engine may go while the runtime starts.
  const waiting = waitForHandOver(input.signal).then((handOver) => {
    if (handOver === undefined) isOver.abort();
    return handOver;
  });
  try {
    const ground = await prepareWarmGround(order, runtimes, inherited, isOver.signal);
    acknowledge(identifyThisProcess());
    // Without its runtime it is worth nothing.
    void ground.warm?.process.ended.then(() => input.abort());
    const handOver = await waiting;
    if (handOver !== undefined) return { handOver, ground };
    await clearGround(Promise.resolve(ground));
  } catch (error) {
    if (!isOver.signal.aborted) throw error;
  } finally {
    input.abort();
  }
  await removeFolder(order.warmFolder);
  return undefined;
}
