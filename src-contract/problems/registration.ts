/** Becoming a worker of a group, and staying one. Part of the catalogue (problems.ts). */
import { entry } from '../problem-shape.ts';

export const registrationProblems = {
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
    nextStep: () =>
      'Leave that group first (`hrw unregister --token-file FILE`, FILE with a key of its account), then register again.',
  }),
  'still-registered': entry<{ groupName: string }>({
    severity: 'error',
    title: ({ groupName }) => `This machine is still in group ${groupName}`,
    text: () => 'The group is worked for through this connection, so it has to be left first. Nothing was changed.',
    nextStep: () =>
      'Leave the group on the Worker group page, or with `hrw unregister --token-file FILE` (FILE holds a key of the account; `--local` instead where the service cannot be reached); then repeat.',
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
} as const;
