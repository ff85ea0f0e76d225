/** One call to the engine: known, allowed, understood, and only then handled. The same in process and over the control channel. */
import { AppError, type Answer } from '../../src-contract/app-error.ts';
import {
  engineCalls,
  mayActAs,
  type EngineArguments,
  type EngineCallName,
  type EngineValue,
  type Role,
} from '../../src-contract/engine-calls.ts';
import { answerCall, type FaultListener } from '../channel/answer.ts';

export type EngineHandlers = {
  [Name in EngineCallName]: (callArguments: EngineArguments<Name>) => Promise<EngineValue<Name>>;
};

export function isEngineCall(name: string): name is EngineCallName {
  return Object.hasOwn(engineCalls, name);
}

export function answerEngineCall<Name extends EngineCallName>(
  handlers: EngineHandlers,
  role: Role,
  name: Name,
  callArguments: unknown,
  onFault: FaultListener,
): Promise<Answer<EngineValue<Name>>> {
  return answerCall(
    name,
    async () => {
      if (!isEngineCall(name))
        throw new AppError('input-invalid', { what: 'The call', reason: `There is no call ${String(name)}.` });
      const call = engineCalls[name];
      if (!mayActAs(role, call.role)) throw new AppError('control-refused', { role, needed: call.role });
      const parsed = call.arguments.safeParse(callArguments);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        const where = issue?.path.join('.') ?? '';
        const reason = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'It does not fit'}.`;
        throw new AppError('input-invalid', { what: `What ${name} was given`, reason });
      }
      // The map ties each name to its own arguments and value; the union of all handlers is what TypeScript sees here.
      const handler = handlers[name] as (given: unknown) => Promise<EngineValue<Name>>;
      return await handler(parsed.data);
    },
    onFault,
  );
}
