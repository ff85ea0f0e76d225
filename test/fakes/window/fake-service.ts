/**
 * The service's REST API for the window's tests, as far as the page that starts a job asks it. It stands where HTTPS would: paths, statuses
 * and JSON are those of the contract, and the client that reads them is the real one.
 */
import type { Problem } from '../../../src-contract/problems.ts';
import { describeProblem } from '../../../src-contract/problems.ts';
import { restOperations } from '../../../src-contract/rest.ts';
import type { JobDetails, JobStream } from '../../../src-contract/rest/jobs.ts';
import type { RunbookView } from '../../../src-contract/rest/runbooks.ts';
import { AppError } from '../../../src-contract/app-error.ts';
import type { ServiceAnswer, ServiceConnection, ServiceRequest } from '../../../src-main/rest-client/service-connection.ts';
import { ago, sampleId } from './samples.ts';

/** What each token may do; every other one is unknown. */
const roles: Readonly<Record<string, 'operator' | 'reader'>> = {
  'token-of-an-operator': 'operator',
  'token-of-a-reader': 'reader',
};

type Parameter = NonNullable<RunbookView['parameters']>[number];

function parameter(name: string, type: string, more: Partial<Parameter> = {}): Parameter {
  return { name, type, isMandatory: false, defaultValue: null, position: 0, ...more };
}

function runbook(
  name: string,
  kind: RunbookView['kind'],
  parameters: Parameter[] | null,
  more: Partial<RunbookView> = {},
): RunbookView {
  return {
    runbookId: sampleId(name.length),
    name,
    kind,
    state: 'Published',
    description: '',
    logVerbose: false,
    logProgress: false,
    logDebug: false,
    rerun: 'restart',
    parameters: parameters?.map((one, position) => ({ ...one, position })) ?? null,
    workflow: null,
    creationTime: ago(90_000),
    lastModifiedTime: ago(9_000),
    ...more,
  };
}

const runbooks = [
  runbook(
    'Copy-LocalFiles',
    'PowerShell',
    [
      parameter('SourcePath', 'System.String', { isMandatory: true }),
      parameter('DestinationPath', 'System.String', { isMandatory: true }),
      parameter('Retries', 'System.Int32', { defaultValue: '3' }),
      parameter('Overwrite', 'System.Management.Automation.SwitchParameter'),
      parameter('Names', 'System.String[]'),
      parameter('Since', 'System.DateTime'),
    ],
    { description: 'Copies a folder of this machine to another one' },
  ),
  runbook('Rotate-Logs', 'Bash', null),
  runbook('Test-Certificates', 'PowerShell7', []),
  runbook('Not-Published', 'PowerShell7', [], { state: 'New' }),
];

function group(name: string, readyCount: number, workerCount: number) {
  return { name, groupType: 'User', credential: null, workerCount, readyCount, waitingJobs: 0, creationTime: ago(90_000) };
}
const groups = [group('datacenter-east', 2, 3), group('datacenter-west', 0, 1)];

export class FakeService implements ServiceConnection {
  readonly host = 'automation.contoso.example:8444';
  readonly #jobs = new Map<string, JobDetails>();
  readonly #streams = new Map<string, JobStream[]>();
  readonly #bodies: { path: string; body: unknown }[] = [];
  #broken = false;

  /** What was sent to paths that end so. */
  bodiesOf(ending: string): unknown[] {
    return this.#bodies.filter(({ path }) => path.endsWith(ending)).map(({ body }) => body);
  }

  /** From now on nobody answers; or somebody does again. */
  break(isBroken: boolean): void {
    this.#broken = isBroken;
  }

  changeJob(name: string, change: Partial<JobDetails>): void {
    this.#jobs.set(name, { ...this.#known(name), ...change });
  }

  write(name: string, texts: string[]): void {
    const known = this.#streams.get(name) ?? [];
    const more = texts.map((streamText, index): JobStream => {
      const sequence = known.length + index;
      return { jobStreamId: `${name}_1_${sequence}`, attempt: 1, sequence, time: ago(0), streamType: 'Output', streamText };
    });
    this.#streams.set(name, [...known, ...more]);
    this.changeJob(name, { recordCount: known.length + more.length });
  }

  call(request: ServiceRequest): Promise<ServiceAnswer> {
    if (this.#broken)
      return Promise.reject(new AppError('connection-refused', { host: 'automation.contoso.example', port: 8444 }));
    const { pathname, searchParams } = new URL(request.path, `https://${this.host}`);
    const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body.toString('utf8'));
    if (request.method !== 'GET') this.#bodies.push({ path: pathname, body });
    const role = roles[(request.headers?.['authorization'] ?? '').replace('Bearer ', '')];
    if (role === undefined) return refuse(401, describeProblem('token-refused', {}));
    if (request.method !== 'GET' && role === 'reader') {
      return refuse(403, describeProblem('role-too-low', { role, needed: 'operator' }));
    }
    const [, what, name, action] =
      /^\/automationAccounts\/contoso-operations\/(\w+)(?:\/([\w.-]+))?(?:\/(\w+))?$/.exec(pathname) ?? [];
    if (what === 'runbooks') return page(runbooks);
    if (what === 'hybridRunbookWorkerGroups') return page(groups);
    if (what !== 'jobs' || name === undefined)
      return refuse(404, describeProblem('resource-unknown', { what: 'path', name: pathname }));
    if (request.method === 'PUT') return this.#start(name, body as StartBody);
    if (action === 'streams') return this.#page(name, searchParams);
    if (action === 'stop') this.changeJob(name, { status: 'Stopped', stopRequestedTime: ago(0), endTime: ago(0) });
    return answer(200, restOperations['jobs:get'].answers[200].parse(this.#known(name)));
  }

  download(): never {
    throw new Error('the window follows no stream');
  }

  close(): void {
    // Nothing is open.
  }

  #known(name: string): JobDetails {
    const job = this.#jobs.get(name);
    if (job === undefined) throw new Error(`the fake service has no job ${name}`);
    return job;
  }

  #start(name: string, { runbook: wanted, runOn, parameters }: StartBody): Promise<ServiceAnswer> {
    const found = runbooks.find((one) => one.name === wanted.name);
    if (parameters['Retries'] === '999') {
      const details = { parameter: 'Retries', type: 'int', reason: '999 is not between 0 and 10' };
      return refuse(400, describeProblem('parameter-wrong-type', details));
    }
    this.#jobs.set(name, {
      jobId: name,
      name,
      runbookName: wanted.name,
      kind: found?.kind ?? 'Bash',
      isDraft: false,
      runOn,
      startedBy: 'anna',
      parameters,
      status: 'New',
      statusDetails: null,
      provisioningState: 'Processing',
      exception: null,
      waitingReason: 'both ready workers are full',
      creationTime: ago(0),
      startTime: null,
      endTime: null,
      lastModifiedTime: ago(0),
      lastStatusModifiedTime: ago(0),
      stopRequestedTime: null,
      rerun: 'restart',
      attempts: [],
      recordCount: 0,
      verified: null,
      missingRecords: null,
    });
    return answer(201, this.#known(name));
  }

  #page(name: string, query: URLSearchParams): Promise<ServiceAnswer> {
    const [attempt, before] = (query.get('after') ?? `${query.get('attempt') ?? '1'}/-1`).split('/').map(Number);
    const all = (this.#streams.get(name) ?? []).filter((one) => one.attempt === attempt && one.sequence > (before ?? -1));
    return page(all.slice(0, Number(query.get('limit'))));
  }
}

interface StartBody {
  runbook: { name: string };
  runOn: string;
  parameters: Record<string, string>;
}

function answer(status: number, value: unknown): Promise<ServiceAnswer> {
  return Promise.resolve({ status, body: Buffer.from(JSON.stringify(value)) });
}

function page(value: unknown[]): Promise<ServiceAnswer> {
  return answer(200, { value, next: null });
}

function refuse(status: number, problem: Problem): Promise<ServiceAnswer> {
  return answer(status, problem);
}
