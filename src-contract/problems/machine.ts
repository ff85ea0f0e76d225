/** This machine: its engine, folders, runtimes, sandboxes and journals. Part of the catalogue (problems.ts). */
import { entry } from '../problem-shape.ts';

export const machineProblems = {
  'engine-already-running': entry<{ owner: string; pid: number }>({
    severity: 'error',
    title: () => 'Another worker owns this data folder',
    text: ({ owner, pid }) => `It runs as process ${String(pid)} (${owner}). One machine has one engine.`,
    nextStep: () => 'Use that one (`hrw status`), or end it first.',
  }),
  'engine-not-running': entry<{ dataFolder: string }>({
    severity: 'error',
    title: () => 'No worker runs for this data folder',
    text: ({ dataFolder }) => `Nothing answers on the control channel of ${dataFolder}.`,
    nextStep: ({ dataFolder }) =>
      `Start it with \`hrw run\`, or open the application. What it wrote before its end stands in ${dataFolder}/logs.`,
  }),
  /** Of a window or tray: the worker that it showed ran elsewhere, and ended. */
  'worker-gone': entry<{ dataFolder: string }>({
    severity: 'error',
    title: () => 'No worker runs for this data folder',
    text: ({ dataFolder }) =>
      `The worker of ${dataFolder} has ended. Jobs that run go on without it; the next one that starts finds them, and new ones wait until then.`,
    nextStep: ({ dataFolder }) =>
      `Start it where it ran before (its service, or \`hrw run\`): it is found by itself. Or start it in this application. What it wrote before its end stands in ${dataFolder}/logs.`,
  }),
  'control-refused': entry<{ role: string; needed: string }>({
    severity: 'error',
    title: ({ needed }) => `This needs the role ${needed}`,
    text: ({ role }) => `You are connected to the worker as ${role}.`,
    nextStep: ({ needed }) => `Ask somebody who can read the worker’s ${needed} key.`,
  }),
  'control-taken': entry<{ dataFolder: string; what: string }>({
    severity: 'error',
    title: () => 'What answers is not the worker',
    text: ({ dataFolder, what }) =>
      `On the control channel of ${dataFolder}: ${what}. It is another program, or a worker of another version. Nothing was asked of it.`,
    nextStep: () => 'End the worker and start it again with the version that you are using.',
  }),
  'display-missing': entry({
    severity: 'error',
    title: () => 'There is no display here',
    text: () => 'Neither DISPLAY nor WAYLAND_DISPLAY is set, so the control panel cannot be shown.',
    nextStep: () => 'Use it at a desktop, or here: `hrw status`, `hrw diagnose`, `hrw events`, `hrw jobs`.',
  }),
  'control-panel-missing': entry<{ file: string }>({
    severity: 'error',
    title: () => 'The application is not installed here',
    text: ({ file }) => `${file} is not there. The worker and \`hrw\` work without it.`,
    nextStep: () =>
      'Install the application, in a checkout by `npm start`, or use `hrw status`, `hrw diagnose`, `hrw events`, `hrw jobs`.',
  }),
  'control-panel-failed': entry<{ file: string; reason: string }>({
    severity: 'error',
    title: () => 'The application did not start',
    text: ({ file, reason }) => `${file}: ${reason}.`,
    nextStep: () => 'Start it by hand and see what it says; in a checkout that is `npm start`.',
  }),
  'data-folder-newer': entry<{ dataFolder: string; found: number; known: number }>({
    severity: 'error',
    title: () => 'The data folder belongs to a newer version',
    text: ({ dataFolder, found, known }) =>
      `${dataFolder} has layout ${String(found)}; this version knows up to ${String(known)}. Nothing was changed.`,
    nextStep: () => 'Start the newer version, or name another data folder.',
  }),
  'data-folder-unusable': entry<{ dataFolder: string; reason: string }>({
    severity: 'error',
    title: () => 'The data folder cannot be used',
    text: ({ dataFolder, reason }) => `${dataFolder}: ${reason}.`,
    nextStep: () => 'Give this user the right to write there, or name another folder with --data.',
  }),
  'data-file-damaged': entry<{ file: string; reason: string }>({
    severity: 'error',
    title: () => 'A file of the data folder is damaged',
    text: ({ file, reason }) => `${file}: ${reason}. Nothing was started, and nothing was changed.`,
    nextStep: () => 'Put a copy of it back from a backup of the whole folder, or start on another folder with --data.',
  }),
  /** `registration`: `kept` or `lost`. */
  'settings-unreadable': entry<{ setAside: string; registration: string }>({
    severity: 'warning',
    title: () => 'The settings could not be read',
    text: ({ setAside, registration }) =>
      `They were set aside as ${setAside}; the worker runs with defaults. ${registration === 'kept' ? 'Its registration is kept.' : 'The copy of its registration could not be read either: it is connected to nothing now.'}`,
    nextStep: ({ registration }) =>
      `${registration === 'kept' ? '' : 'Connect and register this machine anew. '}Compare the file that was set aside and enter again what is missing.`,
  }),
  'setting-invalid': entry<{ name: string; reason: string }>({
    severity: 'error',
    title: ({ name }) => `That is no value for ${name}`,
    text: ({ reason }) => `${reason}. Nothing was changed.`,
    nextStep: () => 'Give a value that the text names.',
  }),
  'history-unreadable': entry<{ setAside: string }>({
    severity: 'warning',
    title: () => 'The job history had to be rebuilt',
    text: ({ setAside }) => `The index could not be read and was set aside as ${setAside}. It was made again from the journals.`,
    nextStep: () => 'Nothing needs to be done.',
  }),
  'runtime-missing': entry<{ kind: string; tried: string }>({
    severity: 'error',
    title: ({ kind }) => `This machine cannot run ${kind}`,
    text: ({ tried }) => `None of these was found: ${tried}. The job did not start.`,
    nextStep: ({ kind }) => `Install ${kind} on this machine, or send the job to another group.`,
  }),
  'policy-refused': entry<{ rule: string; reason: string }>({
    severity: 'error',
    title: ({ rule }) => `This machine’s policy refused the runbook: ${rule}`,
    text: ({ reason }) => `${reason}. Nothing of it was run.`,
    nextStep: () =>
      'An administrator of this machine decides what runs here (`hrw policy get`, or Settings), not the service. Send the job to another group, or ask for the rule to be changed.',
  }),
  'policy-ended': entry<{ rule: string; reason: string }>({
    severity: 'error',
    title: ({ rule }) => `This machine’s policy ended the runbook: ${rule}`,
    text: ({ reason }) => `${reason}. What it had started was ended with it.`,
    nextStep: () => 'An administrator of this machine decides how long a runbook may run here: `hrw policy get`, or Settings.',
  }),
  'permission-asked': entry<{ runbookName: string; sandboxId: string; until: string }>({
    severity: 'warning',
    title: ({ runbookName }) => `${runbookName} waits for permission to run here`,
    text: ({ until }) => `Nothing of it has run. Without an answer until ${until} it is refused.`,
    nextStep: () =>
      'Look at what would run, then allow or refuse it: the job’s page, or `hrw policy questions`, `hrw policy show` and `hrw policy answer`.',
  }),
  'nothing-asked': entry<{ sandboxId: string }>({
    severity: 'error',
    title: () => 'This job waits for no permission',
    text: ({ sandboxId }) =>
      `Sandbox ${sandboxId}: it was answered, refused or stopped meanwhile, or never asked. Nothing was changed.`,
    nextStep: () => 'See which jobs ask: `hrw policy questions`.',
  }),
  'run-as-unavailable': entry<{ user: string; reason: string }>({
    severity: 'error',
    title: ({ user }) => `Runbooks cannot be run as ${user}`,
    text: ({ user, reason }) =>
      `The settings have runbooks run as ${user}: ${reason}. Nothing is run as anybody else; jobs that this worker takes do not start.`,
    nextStep: ({ user }) =>
      `Make the user (\`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${user}\`) or put right what the text names, or choose another: \`hrw settings set runAs NAME\`.`,
  }),
  'sandbox-not-started': entry<{ sandboxId: string; reason: string }>({
    severity: 'error',
    title: () => 'A sandbox could not be started',
    text: ({ sandboxId, reason }) => `Sandbox ${sandboxId}: ${reason}. The service hands the job out again.`,
    nextStep: () => 'Look at the reason; a full disk, a missing right or a security product are the usual causes.',
  }),
  'sandbox-folder-unusable': entry<{ folder: string; reason: string }>({
    severity: 'error',
    title: () => 'No sandbox can be made on this machine',
    text: ({ folder, reason }) =>
      `Nothing can be written to ${folder}: ${reason}. No job is taken until it can; those that are queued go to other workers, or wait.`,
    nextStep: () => 'Make room on that disk, or give the worker the right to write there. It looks again by itself.',
  }),
  'sandbox-crashed': entry<{ runbookName: string; jobId: string; seen: string }>({
    severity: 'warning',
    title: ({ runbookName }) => `The sandbox of ${runbookName} ended without a word`,
    text: ({ jobId, seen }) =>
      `Job ${jobId}: ${seen}. What was journalled was sent to the service, and the interruption reported.`,
    nextStep: () => 'The job’s records show how far it came.',
  }),
  'journal-unreadable': entry<{ jobId: string; reason: string }>({
    severity: 'error',
    title: () => 'A job’s journal is damaged',
    text: ({ jobId, reason }) => `Job ${jobId}: ${reason}. Records before the damage are kept and shown.`,
    nextStep: () => 'Check the disk of this machine.',
  }),
  'journal-quota': entry<{ jobId: string; runbookName: string; quotaMebibytes: number }>({
    severity: 'warning',
    title: () => 'A job writes more than its journal may hold',
    text: ({ jobId, runbookName, quotaMebibytes }) =>
      `Job ${jobId} (${runbookName}) has used most of its ${String(quotaMebibytes)} MiB, or all of them. What it writes beyond them is counted, and not kept; its journal says so.`,
    nextStep: () => 'Look at what the runbook writes. If it writes in an endless loop, stop the job.',
  }),
  'records-missing': entry<{ jobId: string; missing: number }>({
    severity: 'warning',
    title: () => 'The service does not have every record of a job',
    text: ({ jobId, missing }) =>
      `Job ${jobId}: ${missing === 1 ? 'one record is' : `${String(missing)} records are`} only on this machine.`,
    nextStep: () => 'They are sent again at the next contact; the job’s page shows them.',
  }),
  'holds-cut-short': entry<{ seconds: number }>({
    severity: 'warning',
    title: () => 'Something on the way ends calls that wait',
    text: ({ seconds }) =>
      `A proxy or firewall cuts connections that say nothing for a while. The service is asked to hold calls for ${String(seconds)} s only; jobs still start at once.`,
    nextStep: () => 'Let connections to the service be silent for 30 s or more, on the proxy and on firewalls in between.',
  }),
  'system-service-manager-missing': entry<{ reason: string }>({
    severity: 'error',
    title: () => 'This machine has nothing that runs services',
    text: ({ reason }) => reason,
    nextStep: () => 'Run the worker with `hrw run`, under whatever starts programs here.',
  }),
  'system-service-missing': entry({
    severity: 'error',
    title: () => 'The worker is not installed as a service',
    text: () => 'This machine has no service of this worker.',
    nextStep: () => 'Install it as an administrator: `hrw service install`.',
  }),
  'system-service-refused': entry<{ what: string; reason: string }>({
    severity: 'error',
    title: () => 'The system refused that',
    text: ({ what, reason }) => `${what}: ${reason}.`,
    nextStep: () =>
      'Managing services takes an administrator: run the command elevated, or as root. `hrw service status` says how things stand.',
  }),
  'disk-space-low': entry<{ dataFolder: string; freeMebibytes: number }>({
    severity: 'warning',
    title: () => 'The disk of this worker is almost full',
    text: ({ dataFolder, freeMebibytes }) =>
      `${String(freeMebibytes)} MiB are free for ${dataFolder}. When nothing is, jobs wait with what they write until there is room again.`,
    nextStep: () => 'Make room on that disk, or keep old jobs for fewer days (Settings).',
  }),
} as const;
