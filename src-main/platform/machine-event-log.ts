/** Where a service writes its events besides its own files: into the event log of the machine, where that has one. */
import type Transport from 'winston-transport';
import { WindowsEventTransport } from './windows/event-log.ts';

/** On Linux systemd takes what the worker prints. */
export function machineEventLog(): Transport[] {
  return process.platform === 'win32' ? [new WindowsEventTransport()] : [];
}
