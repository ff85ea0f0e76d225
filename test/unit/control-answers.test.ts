import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { engineCalls, type EngineCallName } from '../../src-contract/engine-calls.ts';
import { answerEngineCall, type EngineHandlers } from '../../src-main/control/engine-answers.ts';
import { roles } from '../../src-main/control/role-keys.ts';
import { provokes } from '../harness/provokes.ts';

const names = Object.keys(engineCalls) as EngineCallName[];

/** Handlers that only say that they were reached. */
function reached(): { handlers: EngineHandlers; calls: string[] } {
  const calls: string[] = [];
  const handlers = Object.fromEntries(
    names.map((name) => [name, () => Promise.resolve(calls.push(name))]),
  ) as unknown as EngineHandlers;
  return { handlers, calls };
}

const noFault = (error: unknown): never => {
  throw error;
};

const arguments_: Partial<Record<EngineCallName, unknown>> = {
  'connection:connect': {
    workspaceId: 'w',
    workspaceKey: 'k',
    serviceUrl: 'https://s',
    trust: { kind: 'system' },
    proxy: { kind: 'none' },
  },
  'connection:change': { trust: { kind: 'system' }, proxy: { kind: 'system' } },
  'connection:test': { serviceUrl: 'https://s', trust: { kind: 'system' }, proxy: { kind: 'none' } },
  'registration:register': { groupName: 'g', endpoint: 'e', token: 't' },
  'registration:unregister': { token: null, local: true },
  'jobs:list': { limit: 1, before: null, outcome: null, runbookName: null },
  'jobs:activity': { since: '2026-11-23T00:00:00.000Z' },
  'jobs:get': { id: 'x' },
  'jobs:records': { sandboxId: 'x', from: 0, limit: 1 },
  'jobs:stop': { sandboxId: 'x' },
  'jobs:notes': { sandboxId: 'x' },
  'jobs:attempts': { jobId: 'x' },
  'jobs:console': { sandboxId: 'x', from: 0 },
  'jobs:usage': { sandboxId: null, since: null },
  'jobs:resume': { sandboxId: 'x' },
  'events:list': { channel: null, limit: 1, before: null },
  'diagnostics:test-path': { path: '/x' },
  'policy:question': { sandboxId: 'x' },
  'policy:answer': { sandboxId: 'x', sha256: 'y', allow: false },
};

describe('every call of the contract', () => {
  for (const name of names) {
    const needed = engineCalls[name].role;
    it(`${name} is for ${needed} and above, and refused to the others`, async () => {
      for (const role of roles) {
        const { handlers, calls } = reached();
        const answer = await answerEngineCall(handlers, role, name, arguments_[name] ?? {}, noFault);
        if (roles.indexOf(role) >= roles.indexOf(needed)) {
          expect(answer.ok).toBe(true);
          expect(calls).toEqual([name]);
        } else {
          expect(answer).toMatchObject({ ok: false, problem: { code: provokes('control-refused'), details: { role, needed } } });
          expect(calls).toEqual([]);
        }
      }
    });

    it(`${name} refuses keys that it does not know, before it does anything`, async () => {
      const { handlers, calls } = reached();
      const answer = await answerEngineCall(
        handlers,
        'administrator',
        name,
        { ...(arguments_[name] ?? {}), surprise: 1 },
        noFault,
      );
      expect([answer.ok, calls]).toEqual([false, []]);
    });
  }
});

describe('an answer', () => {
  const ask = (work: () => Promise<never>, faults: unknown[] = []) =>
    answerEngineCall({ ...reached().handlers, 'worker:pause': work }, 'administrator', 'worker:pause', {}, (error, id) =>
      faults.push([error, id]),
    );

  it('carries a failure with its next step', async () => {
    const answer = await ask(() => Promise.reject(new AppError('not-registered', {})));
    expect(answer).toMatchObject({
      ok: false,
      problem: { code: provokes('not-registered'), nextStep: expect.stringContaining('hrw register') as string },
    });
  });

  it('to a mistake of ours names where it stands in the log, and nothing of it', async () => {
    const faults: unknown[] = [];
    const answer = await ask(() => Promise.reject(new TypeError('secret detail')), faults);
    expect(answer).toMatchObject({ ok: false, problem: { code: provokes('internal') } });
    expect(JSON.stringify(answer)).not.toContain('secret detail');
    expect(faults).toHaveLength(1);
  });

  it('to a call that does not exist is a refusal', async () => {
    const answer = await answerEngineCall(reached().handlers, 'administrator', '__proto__' as EngineCallName, {}, noFault);
    expect(answer).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
  });
});
