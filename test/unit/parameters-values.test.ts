import { describe, expect, it } from 'vitest';
import type { Declaration, DeclaredParameter } from '../../src-service/parameters/declaration.ts';
import { checkParameters } from '../../src-service/parameters/check-values.ts';
import { convertValue } from '../../src-service/parameters/convert-value.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';

function parameter(name: string, type: string, more: Partial<DeclaredParameter> = {}): DeclaredParameter {
  return { name, type, isMandatory: false, defaultValue: null, position: 0, ...more };
}

const check = (declaration: Declaration, given: Record<string, unknown>, isPositional = false) =>
  checkParameters({
    runbookName: 'Example',
    declaration,
    given,
    isPositional,
    hasCredential: (name) => Promise.resolve(name.toLowerCase() === 'backup'),
  });

describe('values for a job', () => {
  it('that become arguments are no larger than one may be, and hold no NUL', async () => {
    const large = 'x'.repeat(128 * 1024);
    expect(await failureOf(check(null, { Path: large }, true))).toMatchObject({ code: 'parameters-too-large' });
    expect(await failureOf(check(null, { Path: { a: large } }, true))).toMatchObject({ code: 'parameters-too-large' });
    expect(await check(null, { Path: large.slice(1) }, true)).toHaveLength(1);
    expect(await check([parameter('Path', 'System.String')], { Path: large })).toHaveLength(1);
    expect(await failureOf(check(null, { Path: 'a\0b' }, true))).toMatchObject({ code: 'parameter-wrong-type' });
  });

  it('are never taken as a secret, which could be read in the job', async () => {
    const declaration = [parameter('Password', 'System.Security.SecureString')];
    expect(await failureOf(check(declaration, { Password: 'hunter2' }))).toMatchObject({
      code: 'parameter-wrong-type',
      details: { reason: expect.stringMatching(/\[pscredential\].*credential asset/) as string },
    });
    expect(await check(declaration, {})).toEqual([]);
  });

  it('travel as JSON of the declared type, in the declared order', async () => {
    const declaration = [
      parameter('Text', 'System.String'),
      parameter('Count', 'System.Int32'),
      parameter('Flag', 'System.Management.Automation.SwitchParameter'),
      parameter('Names', 'System.String[]'),
      parameter('Options', 'System.Object'),
      parameter('Login', 'System.Management.Automation.PSCredential'),
    ];
    const given = {
      login: 'Backup',
      options: '{"a":[1,2]}',
      names: '["x","y"]',
      flag: '$true',
      count: ' 42 ',
      TEXT: '5',
    };
    expect(await check(declaration, given)).toEqual([
      { Name: 'Text', Value: '"5"' },
      { Name: 'Count', Value: '42' },
      { Name: 'Flag', Value: 'true' },
      { Name: 'Names', Value: '["x","y"]' },
      { Name: 'Options', Value: '{"a":[1,2]}' },
      { Name: 'Login', Value: '"Backup"' },
    ]);
  });

  it('are refused by the name of the parameter', async () => {
    const declaration = [parameter('Path', 'System.String', { isMandatory: true }), parameter('Count', 'System.Int32')];
    expect(await failureOf(check(declaration, { Path: 'x', Cuont: 1 }))).toMatchObject({
      code: provokes('parameter-unknown'),
      details: { parameter: 'Cuont', known: 'Path, Count' },
    });
    expect(await failureOf(check(declaration, { Count: 1 }))).toMatchObject({
      code: provokes('parameter-missing'),
      details: { parameter: 'Path' },
    });
    expect(await failureOf(check(declaration, { Path: null }))).toMatchObject({ code: 'parameter-missing' });
    expect(await failureOf(check(declaration, { Path: 'x', Count: 'many' }))).toMatchObject({
      code: provokes('parameter-wrong-type'),
      details: { parameter: 'Count', type: 'int' },
    });
    expect(await failureOf(check(declaration, { Path: 'x', path: 'y' }))).toMatchObject({ code: 'request-invalid' });
    const login = [parameter('Login', 'System.Management.Automation.PSCredential')];
    expect(await failureOf(check(login, { Login: 'nobody' }))).toMatchObject({ code: 'parameter-wrong-type' });
  });

  it('have limits in number and size', async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`P${index}`, 'x']));
    expect(await failureOf(check(null, many))).toMatchObject({ code: provokes('parameters-too-large') });
    expect(await failureOf(check(null, { Big: 'x'.repeat(512 * 1024) }))).toMatchObject({ code: 'parameters-too-large' });
    expect(await check(null, { Big: 'x'.repeat(511 * 1024) })).toHaveLength(1);
  });

  it('of an undeclared positional runbook keep their order', async () => {
    expect(await check(null, { second: 'b', first: 'a' }, true)).toEqual([
      { Name: 'second', Value: '"b"' },
      { Name: 'first', Value: '"a"' },
    ]);
  });

  it('of a declared positional runbook stand at their places, whatever is left out', async () => {
    const declaration = [
      parameter('A', 'System.String', { isMandatory: true }),
      parameter('B', 'System.String'),
      parameter('C', 'System.Int32', { defaultValue: '3' }),
      parameter('D', 'System.String'),
    ];
    expect(await check(declaration, { a: 'x' }, true)).toEqual([
      { Name: 'A', Value: '"x"' },
      { Name: 'B', Value: '""' },
      { Name: 'C', Value: '3' },
    ]);
  });
});

describe('a value', () => {
  it.each([
    ['System.String', 5, '5'],
    ['System.String', '[EmptyString]', ''],
    ['System.Int32', '-7', -7],
    ['System.Int64', '9223372036854775807', '9223372036854775807'],
    ['System.Nullable[System.Int32]', 3, 3],
    ['System.Double', '2.5', 2.5],
    ['System.Boolean', 'False', false],
    ['System.Boolean', 1, true],
    ['System.DateTime', '2026-11-23T09:30:00Z', '2026-11-23T09:30:00Z'],
    ['System.Int32[]', 5, [5]],
    ['System.Int32[]', '[1,"2"]', [1, 2]],
    ['System.String[]', 'a,b', ['a,b']],
    ['System.Array', [1, 'a'], [1, 'a']],
    ['System.Collections.Hashtable', { a: 1 }, { a: 1 }],
    ['System.Object', 'plain', 'plain'],
    ['System.Guid', '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['Contoso.Anything', { x: 1 }, { x: 1 }],
  ])('of %s may be %j', (type, given, value) => {
    expect(convertValue(type, given)).toEqual({ kind: 'value', value });
  });

  it.each([
    ['System.String', { a: 1 }],
    ['System.Char', 'ab'],
    ['System.Int32', 2.5],
    ['System.Int32', 2_147_483_648],
    ['System.Byte', -1],
    ['System.Int64', 2 ** 60],
    ['System.Double', ''],
    ['System.Boolean', 'yes'],
    ['System.Boolean', [true]],
    ['System.DateTime', 'soon'],
    ['System.Int32[]', [1, 'x']],
    ['System.Collections.Hashtable', '[1]'],
    ['System.Guid', '0f8fad5b'],
    ['System.Management.Automation.PSCredential', { name: 'x' }],
  ])('of %s may not be %j', (type, given) => {
    expect(convertValue(type, given)).toMatchObject({ kind: 'wrong', reason: expect.any(String) as string });
  });
});
