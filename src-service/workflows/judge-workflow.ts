/**
 * Can a worker without Windows PowerShell 5.1 run this workflow? The rules are those of src-main/runtimes/powershell/workflow-rules.ps1, which
 * has the last word on the worker; test/fixtures/workflows/verdicts.json holds both to the same lines and words.
 */
import { lineOf, tokenize, type Token } from '../parameters/powershell-tokens.ts';
import { maxDepth, visitPlaces, type Block, type Place } from './blocks.ts';
import type { WorkflowVerdict } from '../../src-contract/rest/runbooks.ts';

const keepers = new Map([
  ['checkpoint-workflow', 'Checkpoint-Workflow'],
  ['suspend-workflow', 'Suspend-Workflow'],
]);
const absentCommands = new Map(
  ['Set-PSWorkflowData', 'Get-PSWorkflowData', 'Invoke-Workflow'].map((name) => [name.toLowerCase(), name]),
);
const remoting =
  /^-(PSComputerName|PSCredential|PSConnectionUri|PSConfigurationName|PSApplicationName|PSAuthentication|PSAuthenticationLevel|PSAllowRedirection|PSCertificateThumbprint|PSPort|PSUseSsl|PSSessionOption|PSConnectionRetryCount|PSConnectionRetryIntervalSec)$/i;
const activity =
  /^-(PSActionRetryCount|PSActionRetryIntervalSec|PSActionRunningTimeoutSec|PSDisableSerialization|PSProgressMessage|PSDebug|PSError|PSWarning|PSVerbose|PSInformation|PSProgress|PSRequiredModules|PSRemotingBehavior)$/i;
const namedBlocks = new Set(['begin', 'process', 'dynamicparam', 'clean']);
const walkable = new Set<Block['kind']>(['sequence', 'loop', 'switch', 'body']);

export function judgeWorkflow(script: string, runbookName: string): WorkflowVerdict {
  const { tokens } = tokenize(script);
  const outer = listOuterWorkflows(tokens);
  const main = outer.find((name) => name.toLowerCase() === runbookName.toLowerCase()) ?? outer[0];
  const mistake: { found: { token: Token; reason: string } | undefined } = { found: undefined };
  const tooDeep = visitPlaces(tokens, (place) => {
    const reason = judgePlace(place, main);
    if (reason !== undefined) mistake.found = { token: place.token, reason };
    return mistake.found === undefined;
  });
  if (tooDeep !== undefined) mistake.found = { token: tooDeep, reason: `brackets stand more than ${String(maxDepth)} deep` };
  const { found } = mistake;
  if (found === undefined) return { kind: 'translatable' };
  return { kind: 'native-only', line: lineOf(script, found.token.start), reason: found.reason };
}

function listOuterWorkflows(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  visitPlaces(tokens, ({ blocks, token, startsCommand, next }) => {
    if (blocks.length === 0 && startsCommand && token.text.toLowerCase() === 'workflow') names.push(next?.text ?? '');
    return true;
  });
  return names;
}

function judgePlace(place: Place, main: string | undefined): string | undefined {
  const { blocks, token, startsCommand } = place;
  const word = token.text.toLowerCase();
  if (blocks.length === 0) return judgeOutside(place, word);
  if (!blocks.some((block) => block.kind === 'workflow')) return undefined;
  if (token.kind === 'variable') return judgeVariable(place, word);
  if (token.kind !== 'word') return undefined;
  if (word.startsWith('-')) return judgeParameter(place);
  if (!startsCommand) return undefined;
  return judgeWord(place, word, main);
}

function judgeOutside({ token, startsCommand }: Place, word: string): string | undefined {
  if (!token.startsStatement || token.kind === 'close' || token.text === '{') return undefined;
  if (startsCommand && word === 'using') return 'a using statement cannot be followed';
  if (startsCommand && ['workflow', 'function', 'filter'].includes(word)) return undefined;
  return 'there is code outside the workflow';
}

function judgeVariable({ next, token }: Place, name: string): string | undefined {
  const plain = name.replace(/^\$\{(.*)\}$/, '$$$1');
  if (plain === '$pspersistpreference' && next?.text === '=')
    return '$PSPersistPreference makes a checkpoint after every command; write Checkpoint-Workflow where one is wanted';
  if (plain === '$foreach' || plain === '$switch') return `${token.text} is not there in a workflow`;
  return undefined;
}

function judgeParameter({ blocks, token, head }: Place): string | undefined {
  const name = token.text.replace(/:.*$/s, '');
  if (head === 'switch' && name.toLowerCase() === '-file') return 'switch -File cannot be followed through a workflow';
  // Inside InlineScript commands are PowerShell's own, without an activity's parameters.
  if (blocks.some((block) => block.kind === 'inline-script')) return undefined;
  if (remoting.test(name)) return `${name} needs the remoting of a workflow; use Invoke-Command inside InlineScript`;
  if (/^-PSPersist$/i.test(name)) return `${name} is no parameter of a command; write Checkpoint-Workflow after the command`;
  return activity.test(name) ? `${name} is no parameter of a command; only an activity has it` : undefined;
}

function judgeWord(place: Place, word: string, main: string | undefined): string | undefined {
  const { blocks, next } = place;
  const inner = blocks.at(-1);
  if (namedBlocks.has(word) && next?.text === '{' && inner?.kind === 'workflow')
    return 'a workflow has no begin, process, clean or dynamicparam block';
  if (word === 'trap' && (next?.text === '{' || next?.text === '[')) return 'trap is no part of a workflow; use try';
  if ((word === 'parallel' || word === 'sequence') && next?.text === '{')
    return misplaced(place, word === 'parallel' ? 'Parallel' : 'Sequence', true);
  if (word === 'foreach' && next?.text.toLowerCase() === '-parallel') return misplaced(place, 'ForEach -Parallel', true);
  const keeper = keepers.get(word);
  if (keeper !== undefined) return judgeKeeper(place, keeper, main);
  const absent = absentCommands.get(word);
  if (absent !== undefined) return `${absent} needs the workflow engine of Windows PowerShell 5.1`;
  if (word === 'inlinescript' && blocks.some((block) => block.kind === 'inline-script'))
    return 'InlineScript stands inside InlineScript';
  if (word === 'break' || word === 'continue') return judgeJump(blocks, word);
  return undefined;
}

function judgeKeeper(place: Place, keeper: string, main: string | undefined): string | undefined {
  const workflow = place.blocks.findLast((block) => block.kind === 'workflow');
  const isMain = place.blocks.indexOf(workflow as Block) === 0 && workflow?.name.toLowerCase() === main?.toLowerCase();
  if (!isMain) return `${keeper} stands inside a workflow that another one calls`;
  const wrong = misplaced(place, keeper, false);
  if (wrong !== undefined) return wrong;
  return place.assignments > 0 ? `${keeper} has no value to assign` : undefined;
}

/** From the inside out, as far as its workflow. */
function misplaced({ blocks, assignments, isPiped }: Place, what: string, mayBeParallel: boolean): string | undefined {
  if (isPiped()) return `${what} stands inside a pipeline`;
  if (assignments > 1) return `${what} stands behind two assignments`;
  for (const block of [...blocks].reverse()) {
    if (block.kind === 'workflow') return undefined;
    if (block.kind === 'function') return `${what} stands inside a function`;
    if (block.kind === 'inline-script') return `${what} stands inside InlineScript`;
    if (block.kind === 'script-block') return `${what} stands inside a script block`;
    if (block.kind === 'condition') return `${what} stands inside a condition`;
    if (block.kind === 'parallel' || block.kind === 'fan') {
      if (!mayBeParallel) return `${what} stands inside Parallel`;
    } else if (block.kind === 'finally') {
      if (!mayBeParallel) return `${what} stands inside finally`;
    } else if (!walkable.has(block.kind)) return `${what} stands inside an expression`;
    if (block.assignments > 1) return `${what} stands behind two assignments`;
  }
  return undefined;
}

/** A loop outside Parallel cannot be left from inside it: the others would go on. Labels are looked at on the worker. */
function judgeJump(blocks: readonly Block[], word: string): string | undefined {
  for (const block of [...blocks].reverse()) {
    if (block.kind === 'script-block' || block.kind === 'loop' || block.kind === 'switch' || block.kind === 'inline-script')
      return undefined;
    if (block.kind === 'parallel' || block.kind === 'fan' || block.kind === 'function' || block.kind === 'workflow')
      return `${word} has no loop around it that it could mean`;
  }
  return undefined;
}
