/**
 * The event log: channels of the article, ids of Microsoft's documentation where it names one, our own elsewhere.
 * Ids: 15003 started, 15004 stopped, 15007 job picked up, 3712 sandbox exception, 15011 query failed, 3732 job running,
 * 5532 job started (with timings), 4502 server certificate not from the expected authority.
 */
import * as z from 'zod';

export const eventChannel = z.enum(['Operations Manager', 'Microsoft-SMA/Operational', 'Application']);
export type EventChannel = z.infer<typeof eventChannel>;
export const eventLevel = z.enum(['Information', 'Warning', 'Error']);
export type EventLevel = z.infer<typeof eventLevel>;

export const eventIds = {
  // Operations Manager: the agent
  agentConnected: { id: 4500, channel: 'Operations Manager', level: 'Information' },
  agentConnectionFailed: { id: 4501, channel: 'Operations Manager', level: 'Error' },
  certificateNotTrusted: { id: 4502, channel: 'Operations Manager', level: 'Error' },
  agentDisconnected: { id: 4503, channel: 'Operations Manager', level: 'Information' },
  connectionChanged: { id: 4504, channel: 'Operations Manager', level: 'Information' },
  packRequested: { id: 1200, channel: 'Operations Manager', level: 'Information' },
  packReceived: { id: 1201, channel: 'Operations Manager', level: 'Information' },
  packRefused: { id: 1202, channel: 'Operations Manager', level: 'Error' },
  packRemoved: { id: 1203, channel: 'Operations Manager', level: 'Information' },
  // Microsoft-SMA/Operational: the worker
  workerStarted: { id: 15003, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerStopped: { id: 15004, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerRegistered: { id: 15005, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerDeregistered: { id: 15006, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  jobPickedUp: { id: 15007, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  registrationFailed: { id: 15008, channel: 'Microsoft-SMA/Operational', level: 'Error' },
  queryFailed: { id: 15011, channel: 'Microsoft-SMA/Operational', level: 'Warning' },
  queryRecovered: { id: 15012, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerPaused: { id: 15013, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerResumed: { id: 15014, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  workerDraining: { id: 15015, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  certificateReplaced: { id: 15017, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  sandboxAdopted: { id: 15016, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  sandboxException: { id: 3712, channel: 'Microsoft-SMA/Operational', level: 'Error' },
  jobRunning: { id: 3732, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  jobStarted: { id: 5532, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  jobEnded: { id: 3181, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  jobFailed: { id: 3182, channel: 'Microsoft-SMA/Operational', level: 'Warning' },
  jobStopped: { id: 3184, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  jobSuspended: { id: 3185, channel: 'Microsoft-SMA/Operational', level: 'Information' },
  // Application: the program itself
  settingsChanged: { id: 100, channel: 'Application', level: 'Information' },
  problemRaised: { id: 101, channel: 'Application', level: 'Warning' },
  problemCleared: { id: 102, channel: 'Application', level: 'Information' },
  stateChanged: { id: 103, channel: 'Application', level: 'Information' },
  policyChanged: { id: 104, channel: 'Application', level: 'Information' },
  permissionAsked: { id: 105, channel: 'Application', level: 'Warning' },
  permissionAnswered: { id: 106, channel: 'Application', level: 'Information' },
  programFault: { id: 110, channel: 'Application', level: 'Error' },
  oldJobsRemoved: { id: 121, channel: 'Application', level: 'Information' },
  leftoverRemoved: { id: 120, channel: 'Application', level: 'Information' },
} as const satisfies Record<string, { id: number; channel: EventChannel; level: EventLevel }>;
export type EventName = keyof typeof eventIds;

/** Kept whatever the log level is: when the worker ran, and what a person decided here. */
export const alwaysKept: ReadonlySet<EventName> = new Set([
  'workerStarted',
  'workerStopped',
  'workerRegistered',
  'workerDeregistered',
  'agentConnected',
  'agentDisconnected',
  'connectionChanged',
  'workerPaused',
  'workerResumed',
  'workerDraining',
  'settingsChanged',
  'policyChanged',
  'permissionAnswered',
]);

export const logEvent = z.object({
  /** Grows by one per event of this data folder; pages go by it. */
  number: z.int(),
  time: z.string(),
  channel: eventChannel,
  level: eventLevel,
  id: z.int(),
  source: z.string(),
  message: z.string(),
  /** Named facts; never a secret. */
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  jobId: z.string().optional(),
});
export type LogEvent = z.infer<typeof logEvent>;

/** Whether what an event says, not how it is written, has these words: `wanted` in lower case. A list and what is just logged are searched alike. */
export function eventSays({ message, source, id, jobId, channel, level, fields }: LogEvent, wanted: string): boolean {
  const said = [message, source, String(id), jobId ?? '', channel, level, ...Object.values(fields).map(String)];
  return said.some((words) => words.toLowerCase().includes(wanted));
}
