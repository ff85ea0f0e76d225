/** The service of the worker as Windows' service control manager knows it: made, changed, started, stopped, removed. */
import type { ServiceAccount, ServiceStatus } from '../../../src-contract/machine-service.ts';
import { serviceStatusTypes, type ServiceStatusFields } from './service-status.ts';
import { library, must, refused, structure, WindowsError, lastErrorNumber, type Pointer } from './win32.ts';

/** SERVICE_STATUS_PROCESS */
export const serviceStatusProcess = structure<ServiceStatusFields & { processId: number; flags: number }>(() => ({
  ...serviceStatusTypes,
  processId: 'uint32',
  flags: 'uint32',
}));

/** QUERY_SERVICE_CONFIGW */
export const serviceConfig = structure<{
  type: number;
  start: number;
  errorControl: number;
  command: string | null;
  group: string | null;
  tag: number;
  dependencies: string | null;
  account: string | null;
  displayName: string | null;
}>(() => ({
  type: 'uint32',
  start: 'uint32',
  errorControl: 'uint32',
  command: 'str16',
  group: 'str16',
  tag: 'uint32',
  dependencies: 'str16',
  account: 'str16',
  displayName: 'str16',
}));

/** SERVICE_DESCRIPTIONW */
export const serviceDescription = structure<{ description: string | null }>(() => ({ description: 'str16' }));
/** SC_ACTION */
export const failureAction = structure<{ type: number; delayMs: number }>(() => ({ type: 'uint32', delayMs: 'uint32' }));
/** SERVICE_FAILURE_ACTIONSW */
export const failureActions = structure<{
  resetSeconds: number;
  rebootMessage: string | null;
  command: string | null;
  count: number;
  actions: Pointer | Buffer;
}>(() => ({ resetSeconds: 'uint32', rebootMessage: 'str16', command: 'str16', count: 'uint32', actions: 'void *' }));

const access = { connect: 0x1, create: 0x2, service: 0xf_01ff } as const;
const serviceType = 0x10;
const startTypes = { automatic: 2, manual: 3, disabled: 4 } as const;
const errorControlNormal = 1;
const levels = { description: 1, failureActions: 2, delayedStart: 3, failureFlag: 4, sidType: 5, preshutdown: 7 } as const;
const sidUnrestricted = 1;
const controls = { stop: 1 } as const;
const errors = { unknownLevel: 124, notInstalled: 1060, alreadyRuns: 1056, notRunning: 1062 } as const;
const states = ['stopped', 'starting', 'stopping', 'running', 'starting', 'stopping', 'stopped'] as const;

/** Restarted soon, then later and later; a day without failure forgets them. */
const restartDelaysMs = [5_000, 30_000, 120_000];
const forgetFailuresSeconds = 24 * 60 * 60;
/** How long Windows waits for what runs before it shuts down. Three minutes are its own measure. */
export const preshutdownMs = 180_000;

const managers = library<{
  OpenSCManagerW: (machine: null, database: null, access: number) => Pointer;
  OpenServiceW: (manager: Pointer, name: string, access: number) => Pointer;
  CreateServiceW: (...given: unknown[]) => Pointer;
  ChangeServiceConfigW: (...given: unknown[]) => boolean;
  ChangeServiceConfig2W: (service: Pointer, level: number, info: Buffer) => boolean;
  QueryServiceConfig2W: (service: Pointer, level: number, into: Buffer, size: number, needed: [number]) => boolean;
  QueryServiceConfigW: (service: Pointer, into: Buffer | null, size: number, needed: [number]) => boolean;
  QueryServiceStatusEx: (service: Pointer, level: number, into: Buffer, size: number, needed: [number]) => boolean;
  StartServiceW: (service: Pointer, count: number, given: null) => boolean;
  ControlService: (service: Pointer, control: number, status: Buffer) => boolean;
  DeleteService: (service: Pointer) => boolean;
  CloseServiceHandle: (handle: Pointer) => boolean;
}>('advapi32.dll', {
  OpenSCManagerW: 'void *__stdcall OpenSCManagerW(str16 machine, str16 database, uint32 access)',
  OpenServiceW: 'void *__stdcall OpenServiceW(void *manager, str16 name, uint32 access)',
  CreateServiceW:
    'void *__stdcall CreateServiceW(void *manager, str16 name, str16 displayName, uint32 access, uint32 type, uint32 start, uint32 errorControl, str16 command, str16 group, void *tag, str16 dependencies, str16 account, str16 password)',
  ChangeServiceConfigW:
    'bool __stdcall ChangeServiceConfigW(void *service, uint32 type, uint32 start, uint32 errorControl, str16 command, str16 group, void *tag, str16 dependencies, str16 account, str16 password, str16 displayName)',
  ChangeServiceConfig2W: 'bool __stdcall ChangeServiceConfig2W(void *service, uint32 level, void *info)',
  QueryServiceConfig2W:
    'bool __stdcall QueryServiceConfig2W(void *service, uint32 level, void *into, uint32 size, _Out_ uint32 *needed)',
  QueryServiceConfigW: 'bool __stdcall QueryServiceConfigW(void *service, void *into, uint32 size, _Out_ uint32 *needed)',
  QueryServiceStatusEx:
    'bool __stdcall QueryServiceStatusEx(void *service, uint32 level, void *into, uint32 size, _Out_ uint32 *needed)',
  StartServiceW: 'bool __stdcall StartServiceW(void *service, uint32 count, void *given)',
  ControlService: 'bool __stdcall ControlService(void *service, uint32 control, void *status)',
  DeleteService: 'bool __stdcall DeleteService(void *service)',
  CloseServiceHandle: 'bool __stdcall CloseServiceHandle(void *handle)',
});

export interface ServiceDefinition {
  name: string;
  displayName: string;
  description: string;
  /** With its arguments, quoted where they need it. */
  command: string;
  account: ServiceAccount;
}

/** As the manager takes it. */
export function accountName(account: ServiceAccount, serviceName: string): string | null {
  switch (account.kind) {
    case 'virtual':
      return `NT SERVICE\\${serviceName}`;
    case 'local-system':
      return null;
    case 'named':
      return account.name;
  }
}

/** Throws WindowsError; nothing is left of it then. */
export function createService({ name, displayName, description, command, account }: ServiceDefinition): void {
  withManager(access.connect | access.create, (manager) => {
    const as = accountName(account, name);
    const password = account.kind === 'named' ? account.password : null;
    const given = [serviceType, startTypes.automatic, errorControlNormal, command, null, null, null, as, password];
    const service = managers().CreateServiceW(manager, name, displayName, access.service, ...given);
    if (service === null) throw refused('CreateService');
    try {
      describeService(service, description);
    } catch (error) {
      managers().DeleteService(service);
      throw error;
    } finally {
      managers().CloseServiceHandle(service);
    }
  });
}

/** What `CreateService` has no room for. */
function describeService(service: Pointer, description: string): void {
  const change = (level: number, info: Buffer): void => {
    // Every Windows that we run on knows them all; wine does not, and does without.
    if (managers().ChangeServiceConfig2W(service, level, info) || lastErrorNumber() === errors.unknownLevel) return;
    throw refused(`ChangeServiceConfig2 (${String(level)})`);
  };
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  change(levels.description, serviceDescription().bytes({ description }));
  const restart = 1;
  const actions = Buffer.concat(restartDelaysMs.map((delayMs) => failureAction().bytes({ type: restart, delayMs })));
  const count = restartDelaysMs.length;
  change(levels.failureActions, failureActions().bytes({ resetSeconds: forgetFailuresSeconds, count, actions }));
  // Also when it ends in order but with a failure's code.
  change(levels.failureFlag, number(1));
  change(levels.delayedStart, number(1));
  // A security id of its own, to which rights are given, whatever account it runs as.
  change(levels.sidType, number(sidUnrestricted));
  change(levels.preshutdown, number(preshutdownMs));
}

export function deleteService(name: string): void {
  withService(name, (service) => must(managers().DeleteService(service), 'DeleteService'));
}

/** What it starts from its next start on; everything else of it stays. */
export function changeServiceCommand(name: string, command: string): void {
  const asItIs = 0xffff_ffff;
  const given = [asItIs, asItIs, asItIs, command, null, null, null, null, null, null];
  withService(name, (service) => must(managers().ChangeServiceConfigW(service, ...given), 'ChangeServiceConfig'));
}

/** Asks; one that runs already is no failure. */
export function startService(name: string): void {
  withService(name, (service) => {
    if (!managers().StartServiceW(service, 0, null) && lastErrorNumber() !== errors.alreadyRuns) throw refused('StartService');
  });
}

/** Asks; one that does not run is no failure. */
export function stopService(name: string): void {
  withService(name, (service) => {
    const status = Buffer.alloc(28);
    if (!managers().ControlService(service, controls.stop, status) && lastErrorNumber() !== errors.notRunning)
      throw refused('ControlService');
  });
}

/** Undefined: there is no such service. */
export function queryService(name: string): ServiceStatus | undefined {
  return withServiceIfAny(name, (service) => {
    const bytes = Buffer.alloc(serviceStatusProcess().size);
    must(managers().QueryServiceStatusEx(service, 0, bytes, bytes.length, [0]), 'QueryServiceStatusEx');
    const { state, processId } = serviceStatusProcess().read(bytes);
    const config = readConfig(service);
    const start = Object.entries(startTypes).find(([, number]) => number === config.start)?.[0];
    const isDelayed = start === 'automatic' && readNumber(service, levels.delayedStart) === 1;
    return {
      state: states[state - 1] ?? 'stopped',
      account: config.account,
      start: isDelayed ? 'automatic-delayed' : ((start as ServiceStatus['start'] | undefined) ?? null),
      processId: processId === 0 ? null : processId,
      command: config.command,
    };
  });
}

/** What was set beside the service's own configuration, read back as far as wine tells it, too. */
export function queryServiceExtras(name: string): { description: string | null; preshutdownMs: number } {
  return withService(name, (service) => ({
    description: serviceDescription().read(readLevel(service, levels.description)).description,
    preshutdownMs: readNumber(service, levels.preshutdown),
  }));
}

function readConfig(service: Pointer): { start: number; command: string | null; account: string | null } {
  const needed: [number] = [0];
  managers().QueryServiceConfigW(service, null, 0, needed);
  // The strings lie behind the structure, in the same memory.
  const bytes = Buffer.alloc(Math.max(needed[0], serviceConfig().size));
  must(managers().QueryServiceConfigW(service, bytes, bytes.length, needed), 'QueryServiceConfig');
  return serviceConfig().read(bytes);
}

function readLevel(service: Pointer, level: number): Buffer {
  const bytes = Buffer.alloc(8192);
  must(managers().QueryServiceConfig2W(service, level, bytes, bytes.length, [0]), `QueryServiceConfig2 (${String(level)})`);
  return bytes;
}

function readNumber(service: Pointer, level: number): number {
  const bytes = Buffer.alloc(8);
  return managers().QueryServiceConfig2W(service, level, bytes, bytes.length, [0]) ? bytes.readUInt32LE() : 0;
}

function withManager<Result>(rights: number, use: (manager: Pointer) => Result): Result {
  const manager = managers().OpenSCManagerW(null, null, rights);
  if (manager === null) throw refused('OpenSCManager');
  try {
    return use(manager);
  } finally {
    managers().CloseServiceHandle(manager);
  }
}

/** Throws WindowsError with the number 1060 where there is none. */
function withService<Result>(name: string, use: (service: Pointer) => Result): Result {
  return withManager(access.connect, (manager) => {
    const service = managers().OpenServiceW(manager, name, access.service);
    if (service === null) throw refused('OpenService');
    try {
      return use(service);
    } finally {
      managers().CloseServiceHandle(service);
    }
  });
}

/** With the rights that everybody has: to look. */
function withServiceIfAny<Result>(name: string, use: (service: Pointer) => Result): Result | undefined {
  const query = 0x1 | 0x4;
  return withManager(access.connect, (manager) => {
    const service = managers().OpenServiceW(manager, name, query);
    if (service === null) {
      if (lastErrorNumber() === errors.notInstalled) return undefined;
      throw refused('OpenService');
    }
    try {
      return use(service);
    } finally {
      managers().CloseServiceHandle(service);
    }
  });
}

export function isNotInstalled(error: unknown): boolean {
  return error instanceof WindowsError && error.number === errors.notInstalled;
}
