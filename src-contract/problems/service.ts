/** The automation service itself, and its answers. Part of the catalogue (problems.ts). */
import { entry } from '../problem-shape.ts';

export const serviceProblems = {
  'service-already-running': entry<{ dataFolder: string; pid: number; since: string }>({
    severity: 'error',
    title: () => 'Another automation service uses this data folder',
    text: ({ dataFolder, pid, since }) =>
      `${dataFolder} is held by process ${String(pid)} since ${since}. This one did not start.`,
    nextStep: () => 'Use the one that runs, end it first, or name another folder with --data.',
  }),
  // --- the automation service's answers ------------------------------------------------------------------------------
  'token-refused': entry({
    severity: 'error',
    title: () => 'The service did not accept the token',
    text: () => 'The request carried no bearer token, or one that is unknown or was revoked.',
    nextStep: () =>
      'Give one that is valid: in the window on the page Start a job, to `hrw` with --token-file FILE or HRW_TOKEN_FILE, else in the header `Authorization: Bearer TOKEN`.',
  }),
  'role-too-low': entry<{ role: string; needed: string }>({
    severity: 'error',
    title: ({ needed }) => `This needs the role ${needed}`,
    text: ({ role }) => `The token’s role is ${role}. Nothing was changed.`,
    nextStep: () => 'Use a token with that role, or ask an administrator for one.',
  }),
  'request-invalid': entry<{ where: string; reason: string }>({
    severity: 'error',
    title: () => 'The request cannot be understood',
    text: ({ where, reason }) => `${where}: ${reason}. Nothing was changed.`,
    nextStep: () => 'What each call takes stands in /openapi.json, and in `hrw COMMAND --help`.',
  }),
  'resource-unknown': entry<{ what: string; name: string }>({
    severity: 'error',
    title: ({ what, name }) => `There is no ${what} ${name}`,
    text: ({ what }) => `The service has no such ${what}, or it was removed.`,
    nextStep: ({ what }) =>
      what === 'path'
        ? 'The REST API says in /openapi.json which paths there are.'
        : 'Check the name; the list calls show what there is.',
  }),
  'resource-exists': entry<{ what: string; name: string }>({
    severity: 'error',
    title: ({ what, name }) => `There is already a ${what} ${name}`,
    text: () => 'With another content than the one sent. Nothing was changed.',
    nextStep: () => 'Choose another name or id, or change the one that is there.',
  }),
  'resource-in-use': entry<{ what: string; name: string; by: string }>({
    severity: 'error',
    title: ({ what, name }) => `The ${what} ${name} is in use`,
    text: ({ by }) => `It is used by ${by}. Nothing was changed.`,
    nextStep: () => 'End or remove what uses it first.',
  }),
  'runbook-not-published': entry<{ runbook: string }>({
    severity: 'error',
    title: ({ runbook }) => `The runbook ${runbook} is not published`,
    text: () => 'Only a published version can be started. No job was made.',
    nextStep: ({ runbook }) => `Publish it first (\`hrw runbook publish\` or POST …/runbooks/${runbook}/publish).`,
  }),
  'runbook-invalid': entry<{ runbook: string; line: number; reason: string }>({
    severity: 'error',
    title: ({ runbook }) => `The runbook ${runbook} cannot be read`,
    text: ({ line, reason }) => `Line ${String(line)}: ${reason}. Nothing was published.`,
    nextStep: () => 'Mend the script and publish it again.',
  }),
  'parameter-unknown': entry<{ parameter: string; runbook: string; known: string }>({
    severity: 'error',
    title: ({ parameter }) => `The runbook has no parameter ${parameter}`,
    text: ({ runbook, known }) => `${runbook} knows: ${known}. No job was made.`,
    nextStep: () => 'Check the parameter’s name.',
  }),
  'parameter-missing': entry<{ parameter: string; runbook: string }>({
    severity: 'error',
    title: ({ parameter }) => `The parameter ${parameter} is missing`,
    text: ({ runbook, parameter }) => `${runbook} declares ${parameter} as mandatory. No job was made.`,
    nextStep: ({ parameter }) => `Give a value for ${parameter}.`,
  }),
  'parameter-wrong-type': entry<{ parameter: string; type: string; reason: string }>({
    severity: 'error',
    title: ({ parameter }) => `The value of ${parameter} has the wrong type`,
    text: ({ type, reason }) => `It is declared as ${type}: ${reason}. No job was made.`,
    nextStep: () => 'Give a value of the declared type.',
  }),
  'parameters-too-large': entry<{ limit: string }>({
    severity: 'error',
    title: () => 'The parameters are too large',
    text: ({ limit }) => `The limit is ${limit}. No job was made.`,
    nextStep: () => 'Pass a path or an asset’s name instead of the content.',
  }),
  'job-ended': entry<{ jobId: string; status: string }>({
    severity: 'error',
    title: () => 'The job has already ended',
    text: ({ jobId, status }) => `Job ${jobId} is ${status}. Nothing was changed.`,
    nextStep: () => 'Start a new job if it should run again.',
  }),
  'job-starting': entry<{ sandboxId: string }>({
    severity: 'error',
    title: () => 'The job is still starting',
    text: ({ sandboxId }) =>
      `Sandbox ${sandboxId} has not taken up its job yet and could not be asked to stop. Nothing was changed.`,
    nextStep: () => 'Try again in a moment.',
  }),
  'job-not-suspended': entry<{ jobId: string; status: string }>({
    severity: 'error',
    title: () => 'Only a suspended job can be resumed',
    text: ({ jobId, status }) => `Job ${jobId} is ${status}. Nothing was changed.`,
    nextStep: () => 'Start a new job if it should run again.',
  }),
  'workflow-not-translatable': entry<{ runbook: string; line: number; reason: string; groupName: string }>({
    severity: 'error',
    title: ({ runbook, groupName }) => `No worker of group ${groupName} can run the workflow ${runbook}`,
    text: ({ line, reason }) =>
      `It needs Windows PowerShell 5.1, which none of them has: line ${String(line)}, ${reason}. PowerShell 7 runs a workflow only as what can be made of it. No job was made.`,
    nextStep: () => 'Change that line (docs/workflows.md says what is covered), or name a group with Windows PowerShell 5.1.',
  }),
  'test-job-impossible': entry<{ runbook: string; kind: string }>({
    severity: 'error',
    title: ({ runbook }) => `This worker cannot run ${runbook}`,
    text: ({ kind }) => `The account has it as ${kind}, and this worker runs other kinds. No job was made.`,
    nextStep: () => 'Install a runtime that it needs (the overview says what this worker can run), or start another runbook.',
  }),
  'job-unknown': entry<{ jobId: string }>({
    severity: 'error',
    title: () => 'This worker does not know that job',
    text: ({ jobId }) => `Job ${jobId} neither runs here nor is it in the history.`,
    nextStep: () => 'See `hrw jobs` for what ran here.',
  }),
  'attempt-fenced': entry<{ sandboxId: string }>({
    severity: 'warning',
    title: () => 'The service has given up on this attempt',
    text: ({ sandboxId }) =>
      `Sandbox ${sandboxId} was not heard from for too long; the service does not accept its records any more. They are kept on this machine.`,
    nextStep: () => 'The job’s page on the service shows what became of it.',
  }),
  'input-invalid': entry<{ what: string; reason: string }>({
    severity: 'error',
    title: ({ what }) => `${what} cannot be used`,
    text: ({ reason }) => `${reason} Nothing was changed.`,
    nextStep: () => 'Correct it and repeat.',
  }),
  'storage-unavailable': entry<{ reason: string }>({
    severity: 'error',
    title: () => 'The automation service cannot write just now',
    text: ({ reason }) =>
      `Its database cannot be used: ${reason}. Whether this call was done is not certain; done twice it is done once.`,
    nextStep: () =>
      'Make room on the service’s disk, or see to its database, and repeat the call. Workers repeat theirs by themselves.',
  }),
  internal: entry<{ correlationId: string }>({
    severity: 'error',
    title: () => 'A mistake of ours stopped this call',
    text: ({ correlationId }) => `It is in the log under ${correlationId}. What was under way was not completed.`,
    nextStep: () => 'Repeat the call; if it happens again, report it with that id.',
  }),
} as const;
