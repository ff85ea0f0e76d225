/** Values by declared .NET type: what PowerShell would take without loss is taken, everything else is named. Pure. */
import { withoutNullable } from './dotnet-types.ts';

export type Conversion =
  | { kind: 'value'; value: unknown }
  /** The name of an asset that must exist. */
  | { kind: 'credential'; name: string }
  | { kind: 'wrong'; reason: string };

const integerRanges: Readonly<Record<string, [bigint, bigint]>> = {
  'System.SByte': [-128n, 127n],
  'System.Byte': [0n, 255n],
  'System.Int16': [-(2n ** 15n), 2n ** 15n - 1n],
  'System.UInt16': [0n, 2n ** 16n - 1n],
  'System.Int32': [-(2n ** 31n), 2n ** 31n - 1n],
  'System.UInt32': [0n, 2n ** 32n - 1n],
  'System.Int64': [-(2n ** 63n), 2n ** 63n - 1n],
  'System.UInt64': [0n, 2n ** 64n - 1n],
};
/** How an empty text is written where an empty field means "not given". */
const emptyString = '[EmptyString]';

export function convertValue(declaredType: string, given: unknown): Conversion {
  const type = withoutNullable(declaredType);
  if (type.endsWith('[]')) return toArray(type.slice(0, -2), given);
  const range = integerRanges[type];
  if (range !== undefined) return toInteger(given, range);
  switch (type) {
    case 'System.String':
    case 'System.Char':
      return toText(type, given);
    case 'System.Double':
    case 'System.Single':
    case 'System.Decimal':
      return toNumber(given);
    case 'System.Boolean':
    case 'System.Management.Automation.SwitchParameter':
      return toTruth(given);
    case 'System.DateTime':
      return toDateTime(given);
    case 'System.Guid':
      return toGuid(given);
    case 'System.Array':
      return toArray('System.Object', given);
    case 'System.Collections.Hashtable':
    case 'System.Management.Automation.PSObject':
      return toObject(given);
    case 'System.Management.Automation.PSCredential':
      return typeof given === 'string' && given !== ''
        ? { kind: 'credential', name: given }
        : wrong('give the name of a credential asset');
    case 'System.Security.SecureString':
      // What is given for a job can be read in the job.
      return wrong('a job keeps no secrets: let the runbook take a [pscredential], and give the name of a credential asset');
    case 'System.Object':
      return value(typeof given === 'string' ? readJson(given) : given);
    default:
      return value(given);
  }
}

function value(one: unknown): Conversion {
  return { kind: 'value', value: one };
}

function wrong(reason: string): Conversion {
  return { kind: 'wrong', reason };
}

function shown(given: unknown): string {
  const text = JSON.stringify(given);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function toText(type: string, given: unknown): Conversion {
  const text = given === emptyString ? '' : typeof given === 'string' ? given : undefined;
  if (text === undefined && typeof given !== 'number' && typeof given !== 'boolean') return wrong(`${shown(given)} is no text`);
  if (type === 'System.Char' && text?.length !== 1) return wrong(`${shown(given)} is not one character`);
  return value(text ?? JSON.stringify(given));
}

function toInteger(given: unknown, [least, most]: [bigint, bigint]): Conversion {
  const text = typeof given === 'number' ? String(given) : typeof given === 'string' ? given.trim() : '';
  if (!/^[-+]?\d{1,20}$/.test(text)) return wrong(`${shown(given)} is no whole number`);
  const number = BigInt(text);
  if (number < least || number > most) return wrong(`${text} is not between ${least} and ${most}`);
  // Beyond 2^53 a JSON number would be rounded on its way; PowerShell makes the number from text without loss.
  const safe = number >= BigInt(Number.MIN_SAFE_INTEGER) && number <= BigInt(Number.MAX_SAFE_INTEGER);
  if (typeof given === 'number' && !safe) return wrong(`${text} is too large for a JSON number; give it as text`);
  return value(safe ? Number(number) : number.toString());
}

function toNumber(given: unknown): Conversion {
  if (typeof given === 'number') return value(given);
  if (typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given))) return value(Number(given));
  return wrong(`${shown(given)} is no number`);
}

function toTruth(given: unknown): Conversion {
  const text = (typeof given === 'string' ? given : JSON.stringify(given)).trim().toLowerCase();
  if (text === 'true' || text === '$true' || text === '1') return value(true);
  if (text === 'false' || text === '$false' || text === '0') return value(false);
  return wrong(`${shown(given)} is neither true nor false`);
}

function toDateTime(given: unknown): Conversion {
  if (typeof given !== 'string' || Number.isNaN(Date.parse(given))) {
    return wrong(`${shown(given)} is no date; write it like 2026-11-23T09:30:00Z`);
  }
  return value(given);
}

function toGuid(given: unknown): Conversion {
  const isGuid = typeof given === 'string' && /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(given);
  return isGuid ? value(given) : wrong(`${shown(given)} is no GUID`);
}

function toArray(itemType: string, given: unknown): Conversion {
  const read = typeof given === 'string' ? readJson(given) : given;
  // PowerShell makes an array of one from a single value.
  const items: unknown[] = Array.isArray(read) ? read : [typeof read === 'object' ? read : given];
  const converted: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const one: Conversion = item === null ? value(null) : convertValue(itemType, item);
    if (one.kind === 'wrong') return wrong(`item ${index + 1}: ${one.reason}`);
    converted.push(one.kind === 'credential' ? one.name : one.value);
  }
  return value(converted);
}

function toObject(given: unknown): Conversion {
  const read = typeof given === 'string' ? readJson(given) : given;
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return value(read);
  return wrong(`${shown(given)} is no JSON object`);
}

/** Text that is no JSON stands for itself. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
