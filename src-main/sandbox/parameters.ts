/** Reads a job's parameters as the protocol gives them: each value is JSON text, and text that is no JSON stands for itself. */
import type { WireParameter } from '../../src-contract/jrds.ts';

export interface JobParameter {
  name: string;
  value: unknown;
}

/** How the service's callers write a string that is empty on purpose. */
const emptyString = '[EmptyString]';

/** In the order in which a runtime without names gets them: the runbook's own where it declares names, else as they came. */
export function readParameters(given: readonly WireParameter[] | null, declared: readonly string[]): JobParameter[] {
  const parameters = (given ?? []).map(({ Name, Value }) => ({ name: Name ?? '', value: readValue(Value) }));
  const order = new Map(declared.map((name, index) => [name.toLowerCase(), index]));
  const placeOf = ({ name }: JobParameter): number => order.get(name.toLowerCase()) ?? numberIn(name) ?? declared.length;
  // Array.sort keeps the order of equals.
  return parameters.sort((one, other) => placeOf(one) - placeOf(other));
}

function readValue(text: string | null): unknown {
  if (text === null) return null;
  const value = parseJson(text);
  return value === emptyString ? '' : value;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // A whole number that would lose digits stays text: runtimes with longer numbers take it from there.
    return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value;
  } catch {
    return text;
  }
}

/** Portals name positional parameters `[PARAMETER 1]`, `[PARAMETER 2]`; a name of the author's own that ends in a number is no place. */
function numberIn(name: string): number | undefined {
  const found = /^\[?parameter (\d+)\]?$/i.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** What stands in a report for a value that nobody should read there. */
export const hiddenValue = '••••••';
const secretTypes = /securestring|pscredential/i;
/** Of a parameter whose type says nothing: scripts call such things by a few names. */
const secretNames =
  /pass(word|wd|phrase|code)|pwd$|secret|token|api_?key|access_?key|private_?key|connection_?string|^sas|credential/i;

/** For reports, windows and the history: each value as text, without those that its type or its name says to be secret. */
export function describeParameters(
  parameters: readonly JobParameter[],
  types: ReadonlyMap<string, string> = new Map(),
): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ name, value }) => {
      const type = types.get(name.toLowerCase()) ?? '';
      // A credential is given by its asset's name, which is no secret.
      const isName = /pscredential/i.test(type) && typeof value === 'string';
      const isSecret = !isName && (secretTypes.test(type) || secretNames.test(name));
      if (isSecret && value !== null && value !== '') return [name, hiddenValue];
      return [name, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}
