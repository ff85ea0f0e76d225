/** The form that a runbook's parameters make: which field each has, what is wrong in it, and the values that are sent. Pure. */
import type { StartableRunbook } from '../../../../src-contract/service-desk.ts';
import { texts } from '../../../texts.ts';

export type Parameter = NonNullable<StartableRunbook['parameters']>[number];
export type ParameterKind =
  'text' | 'whole-number' | 'number' | 'truth' | 'date' | 'guid' | 'list' | 'object' | 'credential' | 'choice' | 'secret' | 'any';
/** What is typed, by the parameter's name. */
export type ParameterValues = Readonly<Record<string, string>>;

/** The name under which a runbook that declares none has its arguments in the form. */
export const argumentsField = 'arguments';

const kindsOfTypes: Readonly<Record<string, ParameterKind>> = {
  'System.String': 'text',
  'System.Char': 'text',
  'System.SByte': 'whole-number',
  'System.Byte': 'whole-number',
  'System.Int16': 'whole-number',
  'System.UInt16': 'whole-number',
  'System.Int32': 'whole-number',
  'System.UInt32': 'whole-number',
  'System.Int64': 'whole-number',
  'System.UInt64': 'whole-number',
  'System.Double': 'number',
  'System.Single': 'number',
  'System.Decimal': 'number',
  'System.Boolean': 'truth',
  'System.Management.Automation.SwitchParameter': 'truth',
  'System.DateTime': 'date',
  'System.Guid': 'guid',
  'System.Array': 'list',
  'System.Collections.Hashtable': 'object',
  'System.Management.Automation.PSObject': 'object',
  'System.Management.Automation.PSCredential': 'credential',
  'System.Security.SecureString': 'secret',
};

export function kindOf({ type, allowedValues }: Pick<Parameter, 'type' | 'allowedValues'>): ParameterKind {
  if (type.endsWith('[]')) return 'list';
  if (allowedValues !== undefined) return 'choice';
  const bare = /^System\.Nullable\[(.+)\]$/.exec(type)?.[1] ?? type;
  return kindsOfTypes[bare] ?? 'any';
}

/** Under the field: what it takes, and what an empty one means. */
export function hintOf(parameter: Parameter): string {
  const words = texts.start.parameters;
  const kind = kindOf(parameter);
  const what = kind === 'any' ? words.kinds.any(parameter.type) : words.kinds[kind];
  if (parameter.isMandatory) return what;
  return `${what} ${parameter.defaultValue === null ? words.notGiven : words.defaultIs(parameter.defaultValue)}`;
}

const looks: Partial<Record<ParameterKind, (value: string) => boolean>> = {
  'whole-number': (value) => /^[-+]?\d{1,20}$/.test(value),
  number: (value) => Number.isFinite(Number(value)),
  date: (value) => !Number.isNaN(Date.parse(value)),
  guid: (value) => /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(value),
  object: isJsonObject,
};

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What can be seen without asking; the service has the last word. In declared order. */
export function mistakesInParameters(parameters: readonly Parameter[], values: ParameterValues): Record<string, string> {
  const words: Partial<Record<ParameterKind | 'missing', string>> = texts.start.parameters.mistakes;
  const mistakes: Record<string, string> = {};
  for (const parameter of parameters) {
    const value = (values[parameter.name] ?? '').trim();
    const kind = kindOf(parameter);
    const mistake =
      value === ''
        ? parameter.isMandatory
          ? (words[kind === 'secret' ? kind : 'missing'] ?? words.missing)
          : undefined
        : looks[kind]?.(value) === false
          ? words[kind]
          : undefined;
    if (mistake !== undefined) mistakes[parameter.name] = mistake;
  }
  return mistakes;
}

/** Text as it was typed; an empty field is a value not given. */
export function valuesToSend(parameters: readonly Parameter[] | null, values: ParameterValues): Record<string, string> {
  if (parameters === null) {
    const lines = (values[argumentsField] ?? '').split('\n').filter((line) => line !== '');
    return Object.fromEntries(lines.map((line, index) => [`Argument${String(index + 1)}`, line]));
  }
  return Object.fromEntries(
    parameters.flatMap(({ name }) => {
      const value = values[name] ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}

/** As they stand in the runbook. */
export function inDeclaredOrder(parameters: readonly Parameter[]): Parameter[] {
  return [...parameters].sort((one, other) => one.position - other.position);
}
