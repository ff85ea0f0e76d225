/** hrw policy: what this machine lets run, and the runbooks that wait for a person. */
import path from 'node:path';
import type { Command } from 'commander';
import type { EngineArguments } from '../../../src-contract/engine-calls.ts';
import { runbookKind } from '../../../src-contract/kinds.ts';
import {
  describeRule,
  localPolicy,
  parseHours,
  parseSpan,
  policyRuleNames,
  policyRules,
  revealHidden,
  type LocalPolicy,
  type PolicyQuestion,
  type PolicyRule,
} from '../../../src-contract/policy.ts';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatList, plainText } from '../terminal-text.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, workerAction } from './worker-options.ts';

/** What says that a rule asks for nothing. */
const openWord = 'any';

const values: Record<PolicyRule, { form: string; read: (text: string) => unknown }> = {
  kinds: { form: `kinds with a comma between: ${runbookKind.options.join(', ')}`, read: (text) => text.split(',') },
  runbooks: { form: 'names with a comma between; * stands for any part', read: (text) => text.split(',') },
  trustedKeys: { form: 'a folder of public keys', read: (text) => path.resolve(text) },
  hours: { form: 'Mon-Fri 08:00-18:00', read: parseHours },
  askSeconds: { form: 'how long an answer may take: 90s, 5m, 1h', read: parseSpan },
  longestRunSeconds: { form: 'a time: 90s, 30m, 2h', read: parseSpan },
};

export function addPolicyCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  const policy = program.command('policy').description('what this machine lets run, whatever the service sends');
  addWorkerOptions(policy.command('get'))
    .description('show the rules')
    .addHelpText('after', '\nExample:\n  hrw policy get\n')
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const found = await ask('policy:get', {});
        print(found, describePolicy(found));
      }),
    );
  addWorkerOptions(policy.command('set'))
    .description('change a rule, for jobs that are picked up from then on')
    .argument('<rule>', policyRules.join(', '))
    .argument('<value>', `"${openWord}": the rule asks for nothing; else as below`)
    .addHelpText(
      'after',
      `\nValues:\n${policyRules.map((rule) => `  ${rule.padEnd(17)}  ${values[rule].form}\n`).join('')}` +
        '\nExamples:\n  hrw policy set kinds PowerShell7,Bash\n  hrw policy set hours "Mon-Fri 08:00-18:00"\n  hrw policy set askSeconds 5m\n  hrw policy set askSeconds any\n',
    )
    .action(
      workerAction(io, access, async ({ args, ask, print }) => {
        const [rule = '', text = ''] = args;
        const found = await ask('policy:change', readPolicyChange(rule, text));
        print(found, describePolicy(found));
      }),
    );
  addWorkerOptions(policy.command('questions'))
    .description('runbooks that wait for a person to allow them')
    .addHelpText('after', '\nExample:\n  hrw policy questions\n')
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const waiting = (await ask('jobs:running', {})).filter(({ asking }) => asking !== null);
        const rows = waiting.map((job) => [job.asking?.until ?? '', job.runbookName, job.startedBy ?? '', job.sandboxId]);
        print(waiting, formatList('No runbook waits for permission.', ['REFUSED AT', 'RUNBOOK', 'STARTED BY', 'SANDBOX'], rows));
      }),
    );
  addWorkerOptions(policy.command('show'))
    .description('exactly what would run: parameters, and every line of the script')
    .argument('<id>', 'sandbox id or job id')
    .addHelpText('after', '\nExample:\n  hrw policy show 6f0c…\n')
    .action(
      workerAction(io, access, async ({ args, ask, print }) => {
        const question = await ask('policy:question', { sandboxId: args[0] ?? '' });
        print(question, describeQuestion(question));
      }),
    );
  addWorkerOptions(policy.command('answer'))
    .description('allow what waits, or refuse it')
    .argument('<id>', 'sandbox id or job id')
    .argument('<answer>', 'allow or refuse')
    .addHelpText('after', '\nExamples:\n  hrw policy answer 6f0c… allow\n  hrw policy answer 6f0c… refuse\n')
    .action(
      workerAction(io, access, async ({ args, ask, print }) => {
        const [id = '', word = ''] = args;
        if (word !== 'allow' && word !== 'refuse') throw new WrongUse(`${word} is no answer. Say allow or refuse.`);
        const { sandboxId, sha256 } = await ask('policy:question', { sandboxId: id });
        const job = await ask('policy:answer', { sandboxId, sha256, allow: word === 'allow' });
        print(job, plainText(`${job.runbookName} was ${word === 'allow' ? 'allowed' : 'refused'}.\n`));
      }),
    );
}

export function readPolicyChange(given: string, text: string): EngineArguments<'policy:change'> {
  const rule = policyRules.find((one) => one === given);
  if (rule === undefined) throw new WrongUse(`There is no rule ${given}. There are: ${policyRules.join(', ')}.`);
  if (text === openWord) return { [rule]: null };
  const read = localPolicy.partial().safeParse({ [rule]: values[rule].read(text) });
  if (!read.success || read.data[rule] === undefined)
    throw new WrongUse(`${rule}: “${text}” cannot be read. Give ${values[rule].form}; or ${openWord}.`);
  return read.data;
}

function describePolicy(policy: LocalPolicy): string {
  const names = Object.values(policyRuleNames);
  const width = Math.max(...names.map((name) => name.length));
  const keys = Math.max(...policyRules.map((rule) => rule.length));
  return policyRules
    .map((rule) => `${policyRuleNames[rule].padEnd(width)}  ${rule.padEnd(keys)}  ${plainText(describeRule(rule, policy))}\n`)
    .join('');
}

/** What a terminal would not show, or act upon, is written out: nothing may hide from whoever allows it. */
function describeQuestion(question: PolicyQuestion): string {
  const { runbookName, kind, startedBy, parameters, script, sha256, jobId, sandboxId, until } = question;
  const facts: [string, string][] = [
    ['runbook', `${runbookName} (${kind})`],
    ...(startedBy === null ? [] : [['started by', startedBy] as [string, string]]),
    ['job', jobId],
    ['sandbox', sandboxId],
    ['refused at', until],
    ['SHA-256', sha256],
    ...Object.entries(parameters).map(([name, value]): [string, string] => [`parameter ${name}`, value]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const head = facts.map(([name, value]) => `${name.padEnd(width)}  ${revealHidden(value)}\n`).join('');
  return `${head}\n${revealHidden(script)}${script.endsWith('\n') ? '' : '\n'}`;
}
