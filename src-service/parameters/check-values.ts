/**
 * Checks the values given for a job against the runbook's own declaration, before there is a job, and brings them into the form in
 * which they travel: JSON text of the declared type.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { WireParameter } from '../../src-contract/jrds.ts';
import { maxArgumentBytes, maxParameterBytes, maxParameters } from '../../src-contract/limits.ts';
import type { Declaration, DeclaredParameter } from './declaration.ts';
import { convertValue } from './convert-value.ts';
import { shortTypeName } from './dotnet-types.ts';

export interface CheckOptions {
  runbookName: string;
  declaration: Declaration;
  /** Python, Bash, batch: values are known by their place, so none may be left out before another. */
  isPositional: boolean;
  /** JSON values, or text that holds them, by parameter name. */
  given: Readonly<Record<string, unknown>>;
  /** Names without case. */
  hasCredential: (name: string) => Promise<boolean>;
}

/** In declared order, so that positional languages get them right. Throws the problem that names the parameter. */
export async function checkParameters(options: CheckOptions): Promise<WireParameter[]> {
  const { given, declaration } = options;
  if (Object.keys(given).length > maxParameters)
    throw new AppError('parameters-too-large', { limit: `${maxParameters} parameters` });
  if (Buffer.byteLength(JSON.stringify(given)) > maxParameterBytes) {
    throw new AppError('parameters-too-large', { limit: `${maxParameterBytes / 1024} KB in all` });
  }
  if (options.isPositional) for (const [name, value] of Object.entries(given)) refuseNoArgument(name, value);
  if (declaration === null) return Object.entries(given).map(([Name, value]) => ({ Name, Value: JSON.stringify(value) }));
  refuseUnknown(options, declaration);
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const checked: (WireParameter | undefined)[] = [];
  for (const parameter of declaration) {
    const value = values.get(parameter.name.toLowerCase()) ?? (options.isPositional ? parameter.defaultValue : undefined);
    checked.push(await checkOne(options, parameter, value));
  }
  return options.isPositional ? fillGaps(declaration, checked) : checked.filter((one) => one !== undefined);
}

/** What no program can be handed as an argument. */
function refuseNoArgument(parameter: string, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.includes('\0')) {
    throw new AppError('parameter-wrong-type', { parameter, type: 'an argument', reason: 'it holds the character NUL' });
  }
  if (Buffer.byteLength(text) > maxArgumentBytes) {
    throw new AppError('parameters-too-large', {
      limit: `${maxArgumentBytes} bytes for ${parameter}, which is handed over as an argument`,
    });
  }
}

/** A place without a value, before one that has one, is handed an empty text. */
function fillGaps(declaration: DeclaredParameter[], checked: (WireParameter | undefined)[]): WireParameter[] {
  const last = checked.findLastIndex((one) => one !== undefined);
  return declaration.slice(0, last + 1).map(({ name }, index) => checked[index] ?? { Name: name, Value: '""' });
}

function refuseUnknown({ given, runbookName }: CheckOptions, declaration: DeclaredParameter[]): void {
  const known = new Set(declaration.map((one) => one.name.toLowerCase()));
  const seen = new Set<string>();
  for (const name of Object.keys(given)) {
    if (!known.has(name.toLowerCase())) {
      const names = declaration.map((one) => one.name).join(', ');
      throw new AppError('parameter-unknown', { parameter: name, runbook: runbookName, known: names === '' ? 'none' : names });
    }
    if (seen.has(name.toLowerCase())) {
      throw new AppError('request-invalid', { where: `parameters.${name}`, reason: 'the parameter is given twice' });
    }
    seen.add(name.toLowerCase());
  }
}

async function checkOne(options: CheckOptions, parameter: DeclaredParameter, value: unknown): Promise<WireParameter | undefined> {
  const { name, type } = parameter;
  if (value === undefined || value === null) {
    if (parameter.isMandatory) throw new AppError('parameter-missing', { parameter: name, runbook: options.runbookName });
    return undefined;
  }
  const converted = convertValue(type, value);
  const wrongType = (reason: string): AppError =>
    new AppError('parameter-wrong-type', { parameter: name, type: shortTypeName(type), reason });
  if (converted.kind === 'wrong') throw wrongType(converted.reason);
  if (converted.kind === 'credential' && !(await options.hasCredential(converted.name))) {
    throw wrongType(`there is no credential asset “${converted.name}”`);
  }
  return { Name: name, Value: JSON.stringify(converted.kind === 'credential' ? converted.name : converted.value) };
}
