/** Reads the parameters of a PowerShell script or workflow from the syntax tree of its parameter block. */
import type { Node } from 'web-tree-sitter';
import type { DeclaredParameter, DeclarationReading } from './declaration.ts';
import { expandTypeName } from './dotnet-types.ts';
import { parsePowerShell } from './grammar.ts';
import { findParameterBlock, readDefaultText, simplifyBlock, type SearchOptions } from './parameter-block.ts';

export async function readPowerShellDeclaration(options: SearchOptions): Promise<DeclarationReading> {
  const search = findParameterBlock(options);
  switch (search.kind) {
    case 'broken':
      return { kind: 'invalid', line: search.line, reason: search.reason };
    case 'none':
      return { kind: 'read', declaration: [] };
    case 'found':
      return readBlock(search.script);
  }
}

async function readBlock(block: string): Promise<DeclarationReading> {
  const plain = await readTree(block, block);
  // Only what is also wrong without its defaults and script blocks is the author's mistake and not the grammar's.
  return plain.kind === 'read' ? plain : readTree(simplifyBlock(block), block);
}

async function readTree(script: string, source: string): Promise<DeclarationReading> {
  // The grammar wants a statement after the block.
  const tree = await parsePowerShell(`${script}\n0`);
  try {
    const mistake = findMistake(tree.rootNode);
    if (mistake !== undefined) {
      return { kind: 'invalid', line: mistake.startPosition.row + 1, reason: describeMistake(mistake) };
    }
    const block = tree.rootNode.children.find((node) => node.type === 'param_block');
    const list = block?.children.find((node) => node.type === 'parameter_list');
    const parameters = list?.children.filter((node) => node.type === 'script_parameter') ?? [];
    const attributes = block?.children.find((node) => node.type === 'attribute_list');
    const defaultSet = attributes === undefined ? undefined : readDefaultSet(attributes);
    const known: DeclaredParameter[] = [];
    for (const node of parameters) {
      const parameter = readParameter(node, source, known.length, defaultSet);
      if (known.some((one) => one.name.toLowerCase() === parameter.name.toLowerCase())) {
        return { kind: 'invalid', line: node.startPosition.row + 1, reason: `the parameter ${parameter.name} is declared twice` };
      }
      known.push(parameter);
    }
    return { kind: 'read', declaration: known };
  } finally {
    tree.delete();
  }
}

function readParameter(node: Node, source: string, position: number, defaultSet: string | undefined): DeclaredParameter {
  const attributes = childrenOf(node, 'attribute_list').flatMap((list) => childrenOf(list, 'attribute'));
  const [variable] = childrenOf(node, 'variable');
  const type = attributes.flatMap((attribute) => childrenOf(attribute, 'type_literal')).at(-1);
  const [given] = childrenOf(node, 'script_parameter_default');
  const allowedValues = attributes.map(readSet).find((values) => values !== undefined);
  return {
    name: variableName(variable?.text ?? ''),
    type: type === undefined ? 'System.Object' : expandTypeName(type.text.slice(1, -1)),
    isMandatory: attributes.some((attribute) => makesMandatory(attribute, defaultSet)),
    defaultValue: given === undefined ? null : readDefaultText(source, given.startIndex),
    position,
    ...(allowedValues && { allowedValues }),
  };
}

/** The values of a ValidateSet; undefined for anything else, and where a value is known only when the runbook runs. */
function readSet(attribute: Node): string[] | undefined {
  if (attributeName(attribute) !== 'validateset') return undefined;
  const values = childrenOf(attribute, 'attribute_arguments')
    .flatMap((list) => childrenOf(list, 'attribute_argument'))
    .filter((one) => childrenOf(one, 'simple_name').length === 0)
    .map(({ text }) => readLiteral(text));
  return values.length > 0 && values.every((one) => one !== undefined) ? values : undefined;
}

function readLiteral(text: string): string | undefined {
  const quoted = /^'((?:[^']|'')*)'$/.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  return /^"([^"`$]*)"$/.exec(text)?.[1] ?? (/^-?\d+(?:\.\d+)?$/.test(text) ? text : undefined);
}

function variableName(text: string): string {
  return text.startsWith('${') ? text.slice(2, -1) : text.slice(1);
}

/** A parameter that is mandatory in another than the default set is not asked for. */
function makesMandatory(attribute: Node, defaultSet: string | undefined): boolean {
  if (attributeName(attribute) !== 'parameter') return false;
  const values = readArguments(attribute);
  const mandatory = values.get('mandatory');
  if (mandatory === undefined || /^\$?(false|0)$/i.test(mandatory)) return false;
  const set = values.get('parametersetname');
  return set === undefined || defaultSet === undefined || unquote(set).toLowerCase() === defaultSet;
}

function readDefaultSet(attributes: Node): string | undefined {
  for (const attribute of childrenOf(attributes, 'attribute')) {
    const name = readArguments(attribute).get('defaultparametersetname');
    if (attributeName(attribute) === 'cmdletbinding' && name !== undefined) return unquote(name).toLowerCase();
  }
  return undefined;
}

function attributeName(attribute: Node): string {
  const name = childrenOf(attribute, 'attribute_name')[0]?.text.toLowerCase() ?? '';
  return name.replace(/^system\.management\.automation\./, '').replace(/attribute$/, '');
}

/** Named arguments by lower case; a name alone (`Mandatory`) means `$true`. */
function readArguments(attribute: Node): Map<string, string> {
  const values = new Map<string, string>();
  for (const one of childrenOf(attribute, 'attribute_arguments').flatMap((list) => childrenOf(list, 'attribute_argument'))) {
    const equals = one.text.indexOf('=');
    const [name] = childrenOf(one, 'simple_name');
    if (name !== undefined) values.set(name.text.toLowerCase(), equals === -1 ? '$true' : one.text.slice(equals + 1).trim());
    else values.set(one.text.trim().toLowerCase(), '$true');
  }
  return values;
}

function unquote(text: string): string {
  return text.replace(/^(['"])(.*)\1$/s, '$2');
}

function childrenOf(node: Node, type: string): Node[] {
  return node.children.filter((child) => child.type === type);
}

function findMistake(node: Node): Node | undefined {
  if (node.isError || node.isMissing) return node;
  if (!node.hasError) return undefined;
  for (const child of node.children) {
    const found = findMistake(child);
    if (found !== undefined) return found;
  }
  return node;
}

function describeMistake(node: Node): string {
  if (node.isMissing) return `a “${node.type}” is missing in the parameters`;
  const [firstLine = ''] = node.text.trim().split(/\r?\n/);
  return `the parameters cannot be read at “${firstLine.slice(0, 60)}”`;
}
