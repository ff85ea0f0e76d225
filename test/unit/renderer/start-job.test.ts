import { describe, expect, it } from 'vitest';
import type { ServiceJob } from '../../../src-contract/service-desk.ts';
import { jobNames } from '../../../src-renderer/control-panel/pages/start/job-names.ts';
import {
  argumentsField,
  hintOf,
  inDeclaredOrder,
  kindOf,
  mistakesInParameters,
  valuesToSend,
  type Parameter,
} from '../../../src-renderer/control-panel/pages/start/parameter-form.ts';
import { whereabouts } from '../../../src-renderer/control-panel/pages/started/started-job.ts';

function parameter(name: string, type: string, more: Partial<Parameter> = {}): Parameter {
  return { name, type, isMandatory: false, defaultValue: null, position: 0, ...more };
}

describe('the form of a runbook’s parameters', () => {
  it.each([
    ['System.String', 'text'],
    ['System.Int32', 'whole-number'],
    ['System.Nullable[System.Int64]', 'whole-number'],
    ['System.Double', 'number'],
    ['System.Management.Automation.SwitchParameter', 'truth'],
    ['System.Int32[]', 'list'],
    ['System.Collections.Hashtable', 'object'],
    ['System.Management.Automation.PSCredential', 'credential'],
    ['System.Net.IPAddress', 'any'],
  ])('has for %s a field for %s', (type, kind) => {
    expect(kindOf({ type })).toBe(kind);
  });

  it('says what an empty field means', () => {
    expect(hintOf(parameter('A', 'System.Int32', { defaultValue: '3' }))).toBe('A whole number. Empty: 3.');
    expect(hintOf(parameter('A', 'System.String'))).toBe('Text. Empty: not given.');
    expect(hintOf(parameter('A', 'System.String', { isMandatory: true }))).toBe('Text.');
    expect(kindOf(parameter('A', 'System.String', { allowedValues: ['a', 'b'] }))).toBe('choice');
    expect(hintOf(parameter('A', 'System.Security.SecureString'))).toMatch(/^A job keeps no secrets\..* Empty: not given\.$/);
    expect(hintOf(parameter('A', 'System.Net.IPAddress', { isMandatory: true }))).toBe('As System.Net.IPAddress takes it.');
  });

  it('names what is missing or plainly of another type, and leaves the rest to the service', () => {
    const parameters = [
      parameter('Must', 'System.String', { isMandatory: true }),
      parameter('Count', 'System.Int32'),
      parameter('Share', 'System.Double'),
      parameter('Since', 'System.DateTime'),
      parameter('Id', 'System.Guid'),
      parameter('Map', 'System.Collections.Hashtable'),
      parameter('Other', 'System.Version'),
    ];
    const wrong = { Count: '1.5', Share: 'half', Since: 'soon', Id: '7', Map: '[1]', Other: 'anything' };
    expect(Object.keys(mistakesInParameters(parameters, wrong))).toEqual(['Must', 'Count', 'Share', 'Since', 'Id', 'Map']);
    const right = {
      Must: 'x',
      Count: '-3',
      Share: '0.5',
      Since: '2026-11-23T09:30:00Z',
      Id: '{7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11}',
      Map: '{"a":1}',
    };
    expect(mistakesInParameters(parameters, right)).toEqual({});
    expect(mistakesInParameters(parameters, { Must: 'x' })).toEqual({});
  });

  it('sends what was typed, and leaves out what was not', () => {
    const parameters = [parameter('A', 'System.String'), parameter('B', 'System.String')];
    expect(valuesToSend(parameters, { A: ' as typed ', B: '', Stale: 'of another runbook' })).toEqual({ A: ' as typed ' });
    expect(Object.entries(valuesToSend(null, { [argumentsField]: '--keep\n\n7\n' }))).toEqual([
      ['Argument1', '--keep'],
      ['Argument2', '7'],
    ]);
  });

  it('stands in declared order', () => {
    const parameters = [parameter('Second', 'System.String', { position: 1 }), parameter('First', 'System.String')];
    expect(inDeclaredOrder(parameters).map(({ name }) => name)).toEqual(['First', 'Second']);
  });
});

describe('the name of a job that is started', () => {
  it('stays while the same is asked for, and is another for anything else', () => {
    let made = 0;
    const nameFor = jobNames(() => `name-${(made += 1)}`);
    expect(nameFor({ runbook: 'A', parameters: {} })).toBe('name-1');
    expect(nameFor({ runbook: 'A', parameters: {} })).toBe('name-1');
    expect(nameFor({ runbook: 'A', parameters: { X: '1' } })).toBe('name-2');
    expect(nameFor({ runbook: 'A', parameters: {} })).toBe('name-3');
  });
});

describe('a job that was started', () => {
  const attempt = { attempt: 2, sandboxId: 's-2', machineId: 'm-1', workerName: 'srv-1' };
  const job = (status: string, attempts: object[]) => ({ status, attempts }) as unknown as ServiceJob;

  it('is nowhere before a worker has it', () => {
    expect(whereabouts(job('New', []), 'm-1')).toEqual({ kind: 'nowhere', isOver: false });
    expect(whereabouts(job('Stopped', []), 'm-1')).toEqual({ kind: 'nowhere', isOver: true });
  });

  it('is here or elsewhere by its last attempt', () => {
    expect(whereabouts(job('Running', [attempt]), 'm-1')).toEqual({ kind: 'here', sandboxId: 's-2', isOver: false });
    expect(whereabouts(job('Completed', [attempt]), 'm-2')).toEqual({
      kind: 'elsewhere',
      workerName: 'srv-1',
      attempt: 2,
      isOver: true,
    });
    expect(whereabouts(job('Running', [attempt]), undefined)).toMatchObject({ kind: 'elsewhere' });
  });
});
