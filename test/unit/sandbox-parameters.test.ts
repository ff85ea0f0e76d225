import { describe, expect, it } from 'vitest';
import { describeParameters, hiddenValue, readParameters } from '../../src-main/sandbox/parameters.ts';

const given = (values: Record<string, string | null>) => Object.entries(values).map(([Name, Value]) => ({ Name, Value }));

describe('a job’s parameters', () => {
  it('are JSON, or stand for themselves when they are none', () => {
    const parameters = readParameters(
      given({
        a: '"text"',
        b: '5',
        c: 'true',
        d: '{"x":[1]}',
        e: 'no json',
        f: 'null',
        g: null,
        h: '"[EmptyString]"',
        i: '[EmptyString]',
        j: '',
      }),
      [],
    );
    expect(Object.fromEntries(parameters.map(({ name, value }) => [name, value]))).toEqual({
      a: 'text',
      b: 5,
      c: true,
      d: { x: [1] },
      e: 'no json',
      f: null,
      g: null,
      h: '',
      i: '',
      j: '',
    });
    expect(describeParameters(parameters)).toMatchObject({ a: 'text', b: '5', d: '{"x":[1]}', f: 'null' });
  });

  it('are told without what their type or their name says to be secret', () => {
    const parameters = readParameters(
      given({ Key: '"k-1"', DbPassword: '"hunter2"', Who: '"sql-admin"', Count: '3', Token: '""' }),
      [],
    );
    const types = new Map([
      ['key', 'System.Security.SecureString'],
      ['who', 'System.Management.Automation.PSCredential'],
    ]);
    expect(describeParameters(parameters, types)).toEqual({
      Key: hiddenValue,
      DbPassword: hiddenValue,
      // The name of a credential asset.
      Who: 'sql-admin',
      Count: '3',
      Token: '',
    });
  });

  it('come in the order that the runbook declares, then by the number in their name, then as they were given', () => {
    const names = (values: Record<string, string>, declared: string[]): string[] =>
      readParameters(given(values), declared).map((parameter) => parameter.name);
    expect(names({ b: '1', A: '2', c: '3' }, ['a', 'b', 'c'])).toEqual(['A', 'b', 'c']);
    expect(names({ '[PARAMETER 10]': '1', '[PARAMETER 2]': '2', '[PARAMETER 1]': '3' }, [])).toEqual([
      '[PARAMETER 1]',
      '[PARAMETER 2]',
      '[PARAMETER 10]',
    ]);
    expect(names({ z: '1', y: '2' }, [])).toEqual(['z', 'y']);
    expect(names({ path: '1', server1: '2' }, [])).toEqual(['path', 'server1']);
    expect(names({ server2: '1', server1: '2' }, [])).toEqual(['server2', 'server1']);
    expect(readParameters(null, [])).toEqual([]);
  });
});
