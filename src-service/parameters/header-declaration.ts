/**
 * Parameters of Python, Bash and batch runbooks. Their languages declare none, so the comment at the top of the script may:
 *
 *     # .PARAMETER SourcePath string mandatory
 *     # .PARAMETER Depth int default=3
 *
 * Order is position; the service hands over the default. Only the leading comment counts; without such a line any positional values are taken. See docs/runbooks.md.
 */
import { convertValue } from './convert-value.ts';
import type { DeclaredParameter, DeclarationReading } from './declaration.ts';
import { expandTypeName } from './dotnet-types.ts';

const keyword = '.parameter';
const types = new Set(['string', 'int', 'long', 'double', 'bool', 'datetime', 'object', 'array']);
const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/;

export function readHeaderDeclaration(script: string, isComment: (line: string) => string | undefined): DeclarationReading {
  const declared: DeclaredParameter[] = [];
  let line = 0;
  for (const text of script.replace(/^\ufeff/, '').split(/\r?\n/)) {
    line += 1;
    const comment = text.trim() === '' ? '' : isComment(text.trim());
    if (comment === undefined) break;
    const words = comment.trim().split(/\s+/);
    if (words[0]?.toLowerCase() !== keyword) continue;
    const found = readLine(comment.trim().slice(keyword.length).trim(), declared.length);
    if (typeof found === 'string') return { kind: 'invalid', line, reason: found };
    const reason = findConflict(declared, found);
    if (reason !== undefined) return { kind: 'invalid', line, reason };
    declared.push(found);
  }
  return { kind: 'read', declaration: declared.length === 0 ? null : declared };
}

/** `Name [type] [mandatory | default=VALUE]`; a default goes on to the end of the line. Answers a reason when it cannot be read. */
function readLine(text: string, position: number): DeclaredParameter | string {
  const [head, defaultValue] = splitOnce(text, 'default=');
  const [name = '', ...words] = head.trim().split(/\s+/);
  if (!namePattern.test(name)) return `“${name}” is no parameter name: a letter, then letters, digits and underscores`;
  const isMandatory = words.at(-1)?.toLowerCase() === 'mandatory';
  if (isMandatory) words.pop();
  const [type = 'string', ...more] = words;
  if (more.length > 0) return `“${more.join(' ')}” after the type of ${name} is neither “mandatory” nor “default=…”`;
  if (!types.has(type.toLowerCase())) return `${name} has the type “${type}”; known are ${[...types].join(', ')}`;
  const full = expandTypeName(type);
  if (defaultValue === undefined) return { name, type: full, isMandatory, defaultValue: null, position };
  if (isMandatory) return `${name} is mandatory and has a default`;
  const converted = convertValue(full, defaultValue.trim());
  if (converted.kind === 'wrong') return `the default of ${name}: ${converted.reason}`;
  return { name, type: full, isMandatory, defaultValue: defaultValue.trim(), position };
}

function findConflict(declared: DeclaredParameter[], next: DeclaredParameter): string | undefined {
  if (declared.some((one) => one.name.toLowerCase() === next.name.toLowerCase())) return `${next.name} is declared twice`;
  const optional = declared.find((one) => !one.isMandatory);
  // Values are positional: one that may be left out cannot stand before one that may not.
  if (next.isMandatory && optional !== undefined)
    return `${next.name} is mandatory but stands after ${optional.name}, which is not`;
  return undefined;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.toLowerCase().indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The comment's text, or undefined for a line of code. */
export function hashComment(line: string): string | undefined {
  return line.startsWith('#') ? line.replace(/^#+!?/, '') : undefined;
}

export function batchComment(line: string): string | undefined {
  if (line.startsWith('::')) return line.slice(2);
  const rem = /^@?rem(?:\s+(.*))?$/i.exec(line);
  if (rem !== null) return rem[1] ?? '';
  return /^@echo\s+off$/i.test(line) ? '' : undefined;
}
