/**
 * Answers the window's calls: the sender is checked first, then the name, then the arguments are parsed; a refusal is an answer.
 * Knows Electron only by the shape of what it hands over, so that all of it is tested without.
 */
import { AppError, type Answer } from '../../src-contract/app-error.ts';
import { engineCalls, type EngineCallName } from '../../src-contract/engine-calls.ts';
import { describeProblem, type Problem } from '../../src-contract/problems.ts';
import { shellCalls, type ShellArguments, type ShellCallName, type ShellValue } from '../../src-contract/window-calls.ts';
import { Refused } from '../../src-contract/refused.ts';
import type { SteadyWorker } from './worker-connection.ts';

/** The frame that sent a call, as far as it matters. */
export interface Sender {
  url: string;
  isTopFrame: boolean;
  isOurWindow: boolean;
}

export type ShellAnswers = {
  [Name in ShellCallName]: (callArguments: ShellArguments<Name>) => Promise<ShellValue<Name>> | ShellValue<Name>;
};

export interface WindowAnswersOptions {
  worker: Pick<SteadyWorker, 'call'>;
  shell: ShellAnswers;
  /** Where our window's page lies: nothing else may call. */
  windowUrl: string;
  /** Logs a mistake of ours; answers what to find it by. */
  onFault: (error: unknown) => string;
}

export interface WindowAnswers {
  engineCall(sender: Sender, name: unknown, callArguments: unknown): Promise<Answer<unknown>>;
  shellCall(sender: Sender, name: unknown, callArguments: unknown): Promise<Answer<unknown>>;
}

function refused(what: string, reason: string): { ok: false; problem: Problem } {
  return { ok: false, problem: describeProblem('input-invalid', { what, reason }) };
}

function isOurs(sender: Sender, windowUrl: string): boolean {
  return sender.isOurWindow && sender.isTopFrame && sender.url.split('#', 1)[0] === windowUrl;
}

function isNameOf<Name extends string>(map: Record<Name, unknown>, name: unknown): name is Name {
  return typeof name === 'string' && Object.hasOwn(map, name);
}

export function createWindowAnswers({ worker, shell, windowUrl, onFault }: WindowAnswersOptions): WindowAnswers {
  const answer = async (act: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Refused) return { ok: false, problem: error.problem };
      if (error instanceof AppError) return { ok: false, problem: error.toProblem() };
      return { ok: false, problem: describeProblem('internal', { correlationId: onFault(error) }) };
    }
  };
  const stranger = refused('This call', 'It did not come from the worker’s own window.');
  return {
    engineCall: async (sender, name, callArguments) => {
      if (!isOurs(sender, windowUrl)) return stranger;
      if (!isNameOf<EngineCallName>(engineCalls, name)) return refused('This call', 'No call has that name.');
      const parsed = engineCalls[name].arguments.safeParse(callArguments);
      if (!parsed.success) return refused(name, `${parsed.error.issues[0]?.message ?? 'Wrong shape'}.`);
      return answer(() => worker.call(name, parsed.data));
    },
    shellCall: async (sender, name, callArguments) => {
      if (!isOurs(sender, windowUrl)) return stranger;
      if (!isNameOf<ShellCallName>(shellCalls, name)) return refused('This call', 'No call has that name.');
      const parsed = shellCalls[name].arguments.safeParse(callArguments);
      if (!parsed.success) return refused(name, `${parsed.error.issues[0]?.message ?? 'Wrong shape'}.`);
      return answer(async () => ({ ok: true, value: await shell[name](parsed.data as never) }));
    },
  };
}
