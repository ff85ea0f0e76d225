/** A job’s live console. */
export const console = {
  label: 'Console',
  copy: 'Copy all',
  reading: 'Waiting for the console',
  following: 'As it is written, with secrets masked. Nobody can type here.',
  cut: 'As it is written, with secrets masked. What came first is no longer kept; every record is.',
  nothingYet: 'Nothing has been written to the console yet. What the runbook writes to its streams stands among the records.',
  over: 'The job has ended: this is the last that its console showed. It is not kept; the records are.',
  gap: 'Some of it was written faster than it could be read, and is left out here',
} as const;
