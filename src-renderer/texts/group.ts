/** The page of the worker group. */

export const group = {
  titleIn: (group: string) => `This machine is in group ${group}`,
  titleNone: 'This machine is in no worker group',
  titleWaiting: 'This machine cannot join a group yet: its pack is on the way',
  titleJoin: 'This machine can join a worker group',
  leadNone: 'Joining registers this machine with an automation account, so that its runbooks can run here.',
  lastAnswer: 'Last answer',
  joinAction: 'Join a worker group',
  connectFirst: 'It has to be connected to a workspace first',
  connectFirstText: 'The workspace sends the pack that makes joining possible, and names the account.',
  pasteHint: 'Have the block “$settings = @{ Name = … EndPoint = … Token = … }”? Paste it anywhere on this page.',
  filled: 'Filled in from what you pasted.',
  register: 'Join the group',
  registering: 'Joining',
  steps: 'Steps of joining',
  fields: {
    groupName: { label: 'Worker group', hint: 'A new name makes a new group, with this machine as its first member.' },
    endpoint: {
      label: 'Endpoint',
      placeholder: 'https://host/accounts/00000000-0000-0000-0000-000000000000',
      hint: 'The account’s URL (`hrw account keys`).',
    },
    token: {
      label: 'Account key',
      hint: 'Its primary or secondary key; a block of settings calls it Token. Used once, not kept.',
    },
  },
  mistakes: {
    groupMissing: 'Enter the group’s name.',
    groupWrong: 'A name has 1 to 127 letters, digits, dots, dashes or underscores and starts with a letter or digit.',
    endpointMissing: 'Enter the account’s URL.',
    endpointWrong: 'It looks like https://host/accounts/ followed by the account’s id.',
    tokenMissing: 'Enter one of the account’s keys.',
  },
  repair: { groupName: 'Change the name', endpoint: 'Change the endpoint', token: 'Enter another key' },
  stepNames: {
    pack: 'Check that the AzureAutomation pack is here',
    service: 'Check the group’s name and the account’s endpoint',
    key: 'Make the worker’s key and certificate',
    register: 'Register in the group',
    poll: 'Ask for work the first time',
  },
  pack: {
    title: (pack: string) => `Waiting for the pack ${pack}`,
    waitingFor: (span: string) => `waiting for ${span}`,
    text: (workspace: string) =>
      `This machine is connected. As soon as the workspace ${workspace} hands it the pack, the form for joining opens here; nothing needs to be pressed.`,
    how: 'If the workspace does not have the pack yet, whoever runs the service adds it:',
    seeEvents: 'See what arrives in the event log',
  },
  facts: {
    title: 'Registration',
    group: 'Worker group',
    account: 'Account',
    unnamed: '–',
    accountId: 'Account ID',
    endpoint: 'Endpoint',
    since: 'Member since',
    machineId: 'Machine ID',
    thumbprint: 'Certificate',
  },
  leave: {
    action: 'Leave the group',
    stay: 'Stay in the group',
    question: (group: string) => `Leave group ${group}?`,
    consequence:
      'No more jobs are sent here, and this machine’s key for the account is deleted. Jobs that run go on to their end. Joining again needs the account’s key.',
    token: { label: 'Account key', hint: 'Its primary or secondary key. Used once, not kept.' },
    local: 'Only forget it on this machine (the service cannot be reached, or no longer knows it)',
  },
} as const;
