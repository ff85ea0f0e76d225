/** The PowerShell grammar, loaded once a process: some 30 ms and a few megabytes, so not before a PowerShell runbook is published. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { Language, Parser, type Tree } from 'web-tree-sitter';

const require = createRequire(import.meta.url);

async function load(): Promise<Parser> {
  // The grammar's lexer is one huge function. V8 would optimise it in the background after the first script: 3 s of processor time for
  // nothing, since its quick code parses a runbook in less than a millisecond.
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--no-wasm-dynamic-tiering');
  // Both files by name: in a bundle there is no folder beside the code to look in.
  await Parser.init({ wasmBinary: readFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm')) });
  const language = await Language.load(readFileSync(require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')));
  const parser = new Parser();
  parser.setLanguage(language);
  return parser;
}

let loading: Promise<Parser> | undefined;

/** The caller deletes the tree: its memory lies outside the garbage collector's reach. */
export async function parsePowerShell(script: string): Promise<Tree> {
  const parser = await (loading ??= load());
  const tree = parser.parse(script);
  if (tree === null) throw new Error('the PowerShell grammar gave no tree');
  return tree;
}
