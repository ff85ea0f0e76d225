/**
 * Starts jobs at the service for the person at this desktop, with their own token, and looks at what became of them. The engine has no part
 * in it: from it come only the address, the trust and the proxy that this machine is connected with.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { EngineValue } from '../../src-contract/engine-calls.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import type { ServiceAccessView, ServiceJob, StartChoices, serviceDeskCalls } from '../../src-contract/service-desk.ts';
import type { RestValue } from '../../src-contract/rest.ts';
import { ask, type AskedWorker } from '../../src-contract/refused.ts';
import type { ServiceClient } from '../rest-client/service-client.ts';
import type { TokenSafe } from './token-safe.ts';
import type { ShellAnswers } from './window-answers.ts';

/** Where the service is, and whom to trust: as this machine is connected. `password` of the proxy is for the opener to add. */
export interface ServiceAddress {
  url: string;
  trust: Trust;
  proxy: ProxySettings;
}

export interface OpenedService {
  client: ServiceClient;
  close: () => void;
}
export type OpenService = (address: ServiceAddress, token: string) => Promise<OpenedService>;

export interface ServiceDeskOptions {
  worker: AskedWorker;
  safe: TokenSafe;
  openService: OpenService;
}

type Answers = Pick<ShellAnswers, keyof typeof serviceDeskCalls>;
type Settings = EngineValue<'settings:get'>;

/** The most that a page of the REST API holds. */
const pageRecords = 500;

export class ServiceDesk {
  readonly #options: ServiceDeskOptions;
  /** Kept open between calls: a page that is followed asks every few seconds. */
  #open: { key: string; service: Promise<OpenedService> } | undefined;

  constructor(options: ServiceDeskOptions) {
    this.#options = options;
  }

  readonly answers: Answers = {
    'service:access': () => this.#access(),
    'service:keep-token': ({ token }) => this.#keepToken(token),
    'service:forget-token': async () => {
      this.#options.safe.forget();
      this.close();
      return this.#access();
    },
    'service:choices': () => this.#call(({ client, accountName }) => readChoices(client, accountName)),
    'service:start-job': ({ jobName, runbook, runOn, parameters }) =>
      this.#call(async ({ client, accountName }) => {
        const body = { runbook: { name: runbook }, runOn, parameters };
        return withoutParameters(await client.call('jobs:start', { params: { accountName, jobName }, body }));
      }),
    'service:job': ({ jobName }) =>
      this.#call(async ({ client, accountName }) =>
        withoutParameters(await client.call('jobs:get', { params: { accountName, jobName } })),
      ),
    'service:stop-job': ({ jobName }) =>
      this.#call(async ({ client, accountName }) =>
        withoutParameters(await client.call('jobs:stop', { params: { accountName, jobName }, body: {} })),
      ),
    'service:records': ({ jobName, attempt, from, limit }) =>
      this.#call(async ({ client, accountName }) => {
        const page = await client.call('jobs:streams', {
          params: { accountName, jobName },
          query: {
            attempt,
            limit: Math.min(limit, pageRecords),
            // The place of the record before the first that is wanted.
            ...(from > 0 && { after: `${String(attempt)}/${String(from - 1)}` }),
          },
        });
        return recordsOf(page, from);
      }),
  };

  close(): void {
    const before = this.#open;
    this.#open = undefined;
    void before?.service.then(
      ({ close }) => close(),
      () => undefined,
    );
  }

  async #access(): Promise<ServiceAccessView> {
    const { safe, worker } = this.#options;
    const service = serviceOf(await ask(worker, 'settings:get', {}));
    const kept = service === null ? undefined : safe.read(service.restApiUri);
    return {
      service,
      kept: kept === undefined ? null : { how: kept.how, file: kept.file, since: kept.since },
      wouldKeep: safe.wouldKeep(),
    };
  }

  async #keepToken(given: string): Promise<ServiceAccessView> {
    const token = given.trim();
    const { worker, safe, openService } = this.#options;
    const settings = await ask(worker, 'settings:get', {});
    const { restApiUri, accountName } = needService(settings);
    const opened = await openService(addressOf(settings, restApiUri), token);
    try {
      await opened.client.call('runbooks:list', { params: { accountName }, query: { limit: 1 } });
    } finally {
      opened.close();
    }
    safe.keep(restApiUri, token);
    this.close();
    return this.#access();
  }

  async #call<Value>(act: (given: { client: ServiceClient; accountName: string }) => Promise<Value>): Promise<Value> {
    const settings = await ask(this.#options.worker, 'settings:get', {});
    const { restApiUri, accountName } = needService(settings);
    const kept = this.#options.safe.read(restApiUri);
    if (kept === undefined) throw new AppError('token-refused', {});
    const { client } = await this.#service(addressOf(settings, restApiUri), kept.token);
    return act({ client, accountName });
  }

  async #service(address: ServiceAddress, token: string): Promise<OpenedService> {
    const key = JSON.stringify([address, token]);
    if (this.#open?.key !== key) {
      this.close();
      this.#open = { key, service: this.#options.openService(address, token) };
    }
    return this.#open.service;
  }
}

function serviceOf({ registration, connection }: Settings): ServiceAccessView['service'] {
  if (registration === null || connection === null) return null;
  const { restApiUri, accountName, groupName } = registration;
  return restApiUri === null || accountName === null ? null : { restApiUri, accountName, groupName };
}

function needService(settings: Settings): NonNullable<ServiceAccessView['service']> {
  const service = serviceOf(settings);
  // The page does not ask then: whoever does has a window that knows an older state.
  if (service === null) throw new AppError('not-registered', {});
  return service;
}

function addressOf({ connection }: Settings, url: string): ServiceAddress {
  return { url, trust: connection?.trust ?? { kind: 'system' }, proxy: connection?.proxy ?? { kind: 'none' } };
}

async function readChoices(client: ServiceClient, accountName: string): Promise<StartChoices> {
  const params = { accountName };
  const [runbooks, groups] = await Promise.all([
    client.listAll('runbooks:list', { params }),
    client.listAll('groups:list', { params }),
  ]);
  return {
    runbooks: runbooks
      .filter(({ state }) => state !== 'New')
      .map(({ name, kind, description, parameters }) => ({ name, kind, description, parameters }))
      .sort((one, other) => one.name.localeCompare(other.name)),
    groups: groups.map(({ name, workerCount, readyCount }) => ({ name, workerCount, readyCount })),
  };
}

function withoutParameters({ parameters: _parameters, ...job }: RestValue<'jobs:get'>): ServiceJob {
  return job;
}

function recordsOf({ value }: RestValue<'jobs:streams'>, from: number): EngineValue<'jobs:records'> {
  const records = value.map(({ sequence, time, streamType, streamText, part, value: object, progress, position }) => ({
    seq: sequence,
    time,
    stream: streamType,
    text: streamText,
    ...(part !== undefined && { part }),
    ...(object !== undefined && { value: object }),
    ...(progress !== undefined && { progress }),
    ...(position !== undefined && { position }),
  }));
  const next = (records.at(-1)?.seq ?? from - 1) + 1;
  return { records, next, recordCount: next, damaged: null };
}
