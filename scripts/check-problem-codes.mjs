/**
 * Every problem that the catalogue knows has a test that provokes it: a code counts as provoked where a file under test/
 * calls `provokes('the-code')` (test/harness). A code that no test provokes, and a test that provokes a code that is not
 * in the catalogue, both fail.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './paths.mjs';

/** Each file holds a part of the catalogue: one exported object, by code. */
const catalogueFolder = join(root, 'src-contract', 'problems');

/** @returns {string[]} */
function codesInCatalogue() {
  return readdirSync(catalogueFolder).flatMap((name) => codesIn(join(catalogueFolder, name)));
}

/**
 * @param {string} file
 * @returns {string[]}
 */
function codesIn(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const declarations = source.statements.flatMap((statement) =>
    ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [],
  );
  const [catalogue] = declarations.flatMap(({ initializer }) => objectInside(initializer) ?? []);
  if (catalogue === undefined) throw new Error(`${relative(root, file)} has no part of the catalogue`);
  return catalogue.properties.flatMap(({ name }) =>
    name !== undefined && (ts.isStringLiteral(name) || ts.isIdentifier(name)) ? [name.text] : [],
  );
}

/**
 * `{…}`, also behind `as const` and `satisfies`.
 * @param {ts.Expression | undefined} expression
 * @returns {ts.ObjectLiteralExpression | undefined}
 */
function objectInside(expression) {
  if (expression === undefined) return undefined;
  if (ts.isObjectLiteralExpression(expression)) return expression;
  if (ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression) || ts.isParenthesizedExpression(expression)) {
    return objectInside(expression.expression);
  }
  return undefined;
}

/** @returns {Map<string, string>} code to the first file that provokes it */
function provokedCodes() {
  /** @type {Map<string, string>} */
  const provoked = new Map();
  const folder = join(root, 'test');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/[.](ts|tsx|mjs)$/.test(name)) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    // A call in a comment proves nothing.
    const code = text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
    for (const [, called] of code.matchAll(/\bprovokes\(\s*'([a-z0-9-]+)'/g)) {
      if (called !== undefined && !provoked.has(called)) provoked.set(called, join('test', name));
    }
  }
  return provoked;
}

const codes = codesInCatalogue();
const provoked = provokedCodes();
const unproven = codes.filter((code) => !provoked.has(code));
const strangers = [...provoked].filter(([code]) => !codes.includes(code));

for (const code of unproven) {
  console.log(`${code}: no test provokes it. Write one that brings the problem about and wraps the code: provokes('${code}')`);
}
for (const [code, file] of strangers) console.log(`${code}: ${file} provokes it, but the catalogue does not know it.`);
process.exitCode = unproven.length + strangers.length === 0 ? 0 : 1;
