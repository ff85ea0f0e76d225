/**
 * Everything that a user may be told is wrong. One place, so that window, command line, tray, service and docs say the same words.
 * A text says what happened and what it means (and what was *not* done); the next step says what to do. No secret may be a detail.
 */
import { entry, spanOf, type Entry, type Problem } from './problem-shape.ts';
export { problem, type Problem } from './problem-shape.ts';

export const problemCatalogue = {
  // --- reaching a service -------------------------------------------------------------------------------------------
  'host-unknown': entry<{ host: string }>({
    severity: 'error',
    title: ({ host }) => `The name ${host} is not known`,
    text: ({ host }) => `No address was found for ${host}.`,
    nextStep: () => 'Check the service URL for a typing mistake, then this machine’s name server.',
  }),
  'connection-refused': entry<{ host: string; port: number }>({
    severity: 'error',
    title: ({ host, port }) => `Nothing answers at ${host}:${String(port)}`,
    text: () => 'The machine was found, but no service accepts connections on that port.',
    nextStep: () =>
      'Check that the automation service runs, and the port: a worker needs its agent port, `hrw --api` its REST port. It prints both at its start.',
  }),
  'connection-timed-out': entry<{ host: string; seconds: number }>({
    severity: 'error',
    title: ({ host }) => `${host} does not answer`,
    text: ({ host, seconds }) =>
      `${host} gave no answer within ${String(seconds)} s. A firewall that drops packets looks like this.`,
    nextStep: () => 'Allow outbound HTTPS from this machine to the service, or set the proxy that leads there.',
  }),
  'connection-cut': entry<{ host: string }>({
    severity: 'error',
    title: ({ host }) => `The connection to ${host} was cut`,
    text: () => 'It ended in the middle of an answer. The call is repeated.',
    nextStep: () =>
      'Nothing needs to be done if this passes; if it stays, look at what lies between this machine and the service.',
  }),
  'wrong-port': entry<{ port: string; wanted: string; url: string }>({
    severity: 'error',
    title: ({ port }) => `That is the service’s ${port} port`,
    text: ({ wanted }) => `The call is for its ${wanted} port. Nothing was done.`,
    nextStep: ({ url }) => `Use ${url}`,
  }),
  'certificate-untrusted': entry<{ host: string; issuer: string; fingerprint: string; reason: string }>({
    severity: 'error',
    title: ({ host }) => `The certificate of ${host} is not trusted here`,
    text: ({ issuer, fingerprint, reason }) =>
      `It was issued by “${issuer}” (SHA-256 ${fingerprint}): ${reason}. Nothing was sent.`,
    nextStep: () =>
      'Compare the fingerprint with the one that the service prints at its start, then trust its authority (a PEM file) or pin the fingerprint.',
  }),
  'certificate-other-authority': entry<{ host: string; issuer: string; fingerprint: string }>({
    severity: 'error',
    title: ({ host }) => `The certificate of ${host} is not from the authority that was given`,
    text: ({ issuer, fingerprint }) =>
      `It was issued by “${issuer}” (SHA-256 ${fingerprint}). The file may be another service’s or an earlier one, or something on the way opens the encrypted connection. Nothing was sent.`,
    nextStep: () =>
      'Compare the fingerprint with the one that the service prints at its start. If they agree, give that authority; if not, ask the network team to exempt the service’s address from TLS inspection.',
  }),
  'certificate-pin-mismatch': entry<{ host: string; expected: string; actual: string; issuer: string }>({
    severity: 'error',
    title: ({ host }) => `${host} shows another certificate than the pinned one`,
    text: ({ expected, actual, issuer }) =>
      `Expected SHA-256 ${expected}, got ${actual}, issued by “${issuer}”. Nothing was sent.`,
    nextStep: () => 'If the service was set up anew, pin its new fingerprint; if not, somebody else answers in its place.',
  }),
  'tls-intercepted': entry<{ host: string; issuer: string; fingerprint: string }>({
    severity: 'error',
    title: ({ host }) => `Something on the way to ${host} opens the encrypted connection`,
    text: ({ issuer, fingerprint }) =>
      `The certificate comes from “${issuer}” (SHA-256 ${fingerprint}), not from the service’s own authority. The worker’s certificate cannot pass through.`,
    nextStep: () => 'Ask the network team to exempt the service’s address from TLS inspection.',
  }),
  'proxy-unreachable': entry<{ proxy: string }>({
    severity: 'error',
    title: ({ proxy }) => `The proxy ${proxy} cannot be reached`,
    text: () => 'The connection to the proxy itself failed; the service was not asked.',
    nextStep: () => 'Check the proxy’s address and port: on the Connection page, or `--proxy` of `hrw connect`.',
  }),
  'proxy-not-understood': entry<{ proxy: string }>({
    severity: 'error',
    title: ({ proxy }) => `What answers at ${proxy} is no HTTP proxy`,
    text: () => 'It answered with something that is not HTTP. The service was not asked.',
    nextStep: () => 'Check the proxy’s address and port: on the Connection page, or `--proxy` of `hrw connect`.',
  }),
  /** `userName`: who was refused; empty where nobody was named. */
  'proxy-authentication-required': entry<{ proxy: string; userName: string }>({
    severity: 'error',
    title: ({ proxy, userName }) =>
      `The proxy ${proxy} ${userName === '' ? 'wants a user name and password' : 'did not accept the user name and password'}`,
    text: ({ userName }) => `It answered 407${userName === '' ? '' : ` to “${userName}”`}. The service was not reached.`,
    nextStep: () => 'Enter them on the Connection page, or with `hrw connect --proxy-user NAME --proxy-password-file FILE`.',
  }),
  'proxy-ntlm-required': entry<{ proxy: string; schemes: string }>({
    severity: 'error',
    title: ({ proxy }) => `The proxy ${proxy} only accepts Windows authentication`,
    text: ({ schemes }) => `It offers ${schemes}; this worker can do Basic. The service was not reached.`,
    nextStep: () => 'Allow Basic for this machine, exempt the service’s address, or name another proxy.',
  }),
  'proxy-refused': entry<{ proxy: string; status: number; host: string }>({
    severity: 'error',
    title: ({ proxy, host }) => `The proxy ${proxy} refuses to connect to ${host}`,
    text: ({ status }) => `It answered ${String(status)} to the request for a tunnel.`,
    nextStep: () => 'Allow the service’s host and port on the proxy.',
  }),
  'answer-not-understood': entry<{ host: string; status: number; what: string }>({
    severity: 'error',
    title: ({ host }) => `The answer of ${host} is not the service’s`,
    text: ({ status, what }) =>
      `It answered ${status === 0 ? '' : `${String(status)} `}with ${what}. A proxy’s or a portal’s page looks like this. The call is repeated.`,
    nextStep: () => 'Open the service URL in a browser on this machine and see who answers.',
  }),
  'service-unavailable': entry<{ host: string; status: number }>({
    severity: 'warning',
    title: ({ host }) => `${host} cannot serve right now`,
    text: ({ status }) =>
      `It answered ${String(status)}. The call is repeated; running jobs go on, and their records are kept on this machine.`,
    nextStep: () => 'Nothing needs to be done if this passes; if it stays, look at the automation service.',
  }),
  'service-refused': entry<{ call: string; status: number; reason: string }>({
    severity: 'error',
    title: ({ call }) => `The service refused: ${call}`,
    text: ({ status, reason }) => `It answered ${String(status)}: ${reason}`,
    nextStep: () => 'The reason names what to change. The service’s log has the same correlation id.',
  }),
  // --- workspace and packs ------------------------------------------------------------------------------------------
  'workspace-key-refused': entry<{ workspaceId: string; keyEnding: string }>({
    severity: 'error',
    title: () => 'The workspace did not accept the key',
    text: ({ workspaceId, keyEnding }) =>
      `The key that ends in …${keyEnding} is not one of workspace ${workspaceId}’s keys. Nothing was connected.`,
    nextStep: () => 'Copy the current key (`hrw workspace keys`) and connect again.',
  }),
  'workspace-unknown': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The service has no such workspace',
    text: ({ workspaceId }) => `There is no workspace ${workspaceId} on this service. Nothing was connected.`,
    nextStep: () => 'Check the workspace ID and the service URL (`hrw workspace list`).',
  }),
  'workspace-not-linked': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The workspace is linked to no automation account',
    text: ({ workspaceId }) =>
      `Workspace ${workspaceId} exists, but no account stands behind it, so no worker can register through it.`,
    nextStep: () => 'Link it: `hrw workspace link --workspace ID --account NAME`.',
  }),
  /** Names as far as whoever refuses knows them. */
  'workspace-wrong-account': entry<{
    workspaceId: string;
    workspaceName?: string;
    linkedAccountId: string;
    linkedAccountName?: string;
    accountId: string;
    accountName?: string;
  }>({
    severity: 'error',
    title: () => 'The workspace is linked to another automation account',
    text: (details) => {
      const workspace = optional(details, 'workspaceName') ?? details.workspaceId;
      const linked = optional(details, 'linkedAccountName') ?? details.linkedAccountId;
      const account = optional(details, 'accountName') ?? details.accountId;
      return `Workspace ${workspace} belongs to account ${linked}, the endpoint names account ${account}. Nothing was registered.`;
    },
    nextStep: () => 'Use the endpoint of the linked account, or link the workspace to the account you mean.',
  }),
  'agent-unknown': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The workspace no longer knows this machine',
    text: ({ workspaceId }) =>
      `Workspace ${workspaceId} does not accept this machine’s certificate any more. Packs no longer arrive.`,
    nextStep: () => 'Connect again with the workspace ID and key.',
  }),
  'clock-skewed': entry<{ minutes: number; direction: 'ahead' | 'behind' }>({
    severity: 'error',
    title: ({ minutes, direction }) => `This machine’s clock is ${spanOf(minutes)} ${direction}`,
    text: () => 'The service accepts a difference of 15 minutes at most. Nothing was registered or connected.',
    nextStep: () => 'Set the clock (Windows: `w32tm /resync`, Linux: `timedatectl set-ntp true`) and repeat.',
  }),
  'pack-signature-invalid': entry<{ pack: string; version: string }>({
    severity: 'error',
    title: ({ pack, version }) => `The pack ${pack} ${version} is not signed by its publisher`,
    text: () => 'It was not unpacked. An earlier version that was received stays in use.',
    nextStep: () => 'Publish a pack that is signed with the key this worker was built for.',
  }),
  'pack-invalid': entry<{ pack: string; version: string; reason: string }>({
    severity: 'error',
    title: ({ pack, version }) => `The pack ${pack} ${version} is damaged or unsafe`,
    text: ({ reason }) => `${reason} It was not unpacked. An earlier version that was received stays in use.`,
    nextStep: () => 'Publish the pack again.',
  }),
  'pack-unknown': entry<{ pack: string; version: string }>({
    severity: 'error',
    title: ({ pack, version }) => `There is no pack ${`${pack} ${version}`.trim()}`,
    text: () => 'The service does not hold it, or the workspace does not hand it out.',
    nextStep: () => 'See `hrw pack list` for what there is.',
  }),
  'pack-missing': entry<{ pack: string }>({
    severity: 'error',
    title: ({ pack }) => `The pack ${pack} has not arrived yet`,
    text: () => 'A machine can register as a worker once it has this pack. Nothing was registered.',
    nextStep: ({ pack }) =>
      `Add it to the workspace (\`hrw pack add --workspace ID --pack ${pack}\`) and wait for it in the Operations Manager log.`,
  }),
  'not-connected': entry({
    severity: 'error',
    title: () => 'This machine is not connected to a workspace',
    text: () => 'It needs a workspace ID and key before it can receive packs or register.',
    nextStep: () => 'Connect it on the Connection page, or with `hrw connect`.',
  }),
  // --- registration -------------------------------------------------------------------------------------------------
  'endpoint-invalid': entry<{ endpoint: string }>({
    severity: 'error',
    title: () => 'The endpoint is not an account’s URL',
    text: ({ endpoint }) =>
      `“${endpoint}” should look like https://host/accounts/ followed by one account id. Nothing was registered.`,
    nextStep: () => 'Copy the URL from the account’s keys (`hrw account keys`).',
  }),
  'account-unknown': entry<{ accountId: string }>({
    severity: 'error',
    title: () => 'The service has no such automation account',
    text: ({ accountId }) => `There is no account ${accountId}. Nothing was registered.`,
    nextStep: () => 'Copy the URL from the account’s keys (`hrw account keys`).',
  }),
  /** `outcome`: what was not done, or stays as it is. */
  'account-key-refused': entry<{ keyEnding: string; outcome: string }>({
    severity: 'error',
    title: () => 'The account did not accept the key',
    text: ({ keyEnding, outcome }) =>
      `The key that ends in …${keyEnding} is not one of the account’s keys. Keys change when somebody regenerates them. ${outcome}.`,
    nextStep: () => 'Enter one of the account’s current keys (`hrw account keys`).',
  }),
  'request-replayed': entry({
    severity: 'error',
    title: () => 'This signed request was used before',
    text: () => 'A signature is accepted once. Nothing was changed.',
    nextStep: () => 'Send a fresh request.',
  }),
  'certificate-not-proven': entry<{ thumbprint: string }>({
    severity: 'error',
    title: () => 'The certificate named in the registration was not presented',
    text: ({ thumbprint }) =>
      `The request names ${thumbprint}, but the connection did not prove possession of it. Nothing was registered.`,
    nextStep: () => 'If a proxy or load balancer opens TLS on the way, let the service’s address pass through untouched.',
  }),
  'group-name-invalid': entry<{ groupName: string }>({
    severity: 'error',
    title: () => 'That is no name for a worker group',
    text: ({ groupName }) =>
      `“${groupName}”: a name has 1 to 127 letters, digits, dots, dashes or underscores and starts with a letter or digit.`,
    nextStep: () => 'Choose another name.',
  }),
  /** `account`: its name where that is known, else its id. */
  'already-registered': entry<{ groupName: string; account: string }>({
    severity: 'error',
    title: () => 'This machine is already registered',
    text: ({ groupName, account }) => `It is in group ${groupName} of account ${account}. Nothing was changed.`,
    nextStep: () => 'Leave that group first (`hrw unregister`), then register again.',
  }),
  'still-registered': entry<{ groupName: string }>({
    severity: 'error',
    title: ({ groupName }) => `This machine is still in group ${groupName}`,
    text: () => 'The group is worked for through this connection, so it has to be left first. Nothing was changed.',
    nextStep: () => 'Leave the group on the Worker group page, or with `hrw unregister`; then repeat.',
  }),
  'not-registered': entry({
    severity: 'error',
    title: () => 'This machine is in no worker group',
    text: () => 'There is nothing to leave.',
    nextStep: () => 'Register it on the Worker group page, or with `hrw register`.',
  }),
  'machine-unknown': entry<{ machineId: string }>({
    severity: 'error',
    title: () => 'The account does not know this machine',
    text: ({ machineId }) => `There is no worker ${machineId} in the account.`,
    nextStep: () => 'If it was removed on the service, remove it here with `hrw unregister --local`.',
  }),
  'worker-not-accepted': entry<{ groupName: string }>({
    severity: 'error',
    title: () => 'The account no longer accepts this worker',
    text: ({ groupName }) =>
      `The service does not know this machine’s certificate. It was removed from group ${groupName}, or the service lost its data.`,
    nextStep: () => 'Leave the group here (`hrw unregister --local`) and register again.',
  }),
  'machine-cloned': entry<{ groupName: string; machineName: string }>({
    severity: 'error',
    title: () => 'Two machines use the identity of one worker',
    text: ({ groupName, machineName }) =>
      `The worker ${machineName} of group ${groupName} asks for work from two places: one is a copy of the other (a cloned disk, a snapshot that was brought back). Neither gets jobs; what runs goes on.`,
    nextStep: () =>
      'On the machine that is to stay, leave the group and register again (`hrw unregister`, `hrw register`). On the other, `hrw unregister --local` and `hrw disconnect`, then connect it anew: it gets an identity of its own.',
  }),
  'certificate-not-replaced': entry<{ groupName: string; reason: string; until: string }>({
    severity: 'warning',
    title: () => 'The worker’s certificate could not be replaced',
    text: ({ groupName, reason, until }) =>
      `The service asks the worker of group ${groupName} for a new certificate, and it could not be given one: ${reason}. The present one goes on being used; it is valid until ${until}. It is tried again.`,
    nextStep: () => 'Nothing needs to be done if this passes; if it stays until that day, leave the group and register again.',
  }),
  // --- this machine -------------------------------------------------------------------------------------------------
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
    nextStep: () => 'Start it with `hrw run`, or open the application.',
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
  'disk-space-low': entry<{ dataFolder: string; freeMebibytes: number }>({
    severity: 'warning',
    title: () => 'The disk of this worker is almost full',
    text: ({ dataFolder, freeMebibytes }) =>
      `${String(freeMebibytes)} MiB are free for ${dataFolder}. When nothing is, jobs wait with what they write until there is room again.`,
    nextStep: () => 'Make room on that disk, or keep old jobs for fewer days (Settings).',
  }),
  // --- the automation service itself ---------------------------------------------------------------------------------
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
    nextStep: () => 'Give a token in a file (--token-file FILE) or HRW_TOKEN_FILE.',
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
    nextStep: () => 'Check the name; the list calls show what there is.',
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
  internal: entry<{ correlationId: string }>({
    severity: 'error',
    title: () => 'A mistake of ours stopped this call',
    text: ({ correlationId }) => `It is in the log under ${correlationId}. What was under way was not completed.`,
    nextStep: () => 'Repeat the call; if it happens again, report it with that id.',
  }),
} as const;

export type ProblemCode = keyof typeof problemCatalogue;
export type ProblemDetails<Code extends ProblemCode> = Parameters<(typeof problemCatalogue)[Code]['title']>[0];

/** A detail that may be missing. Read like this: whoever receives a problem takes one whose words read what is not there for incomplete. */
function optional<Details extends object, Key extends keyof Details>(details: Details, key: Key): Details[Key] | undefined {
  return Object.hasOwn(details, key) ? details[key] : undefined;
}

export function describeProblem<Code extends ProblemCode>(code: Code, details: ProblemDetails<Code>): Problem {
  // The catalogue ties code and details together at the call; inside, one shape serves all entries.
  const found = problemCatalogue[code] as unknown as Entry<ProblemDetails<Code>>;
  return {
    code,
    severity: found.severity,
    title: found.title(details),
    text: found.text(details),
    nextStep: found.nextStep(details),
    details,
  };
}
