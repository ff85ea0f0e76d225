/**
 * What a runbook asks of its sandbox, done: assets are fetched from the service as they are asked for, what is secret in them is masked in all
 * records from then on, and each access stands in the journal. A service that is away is waited for, as everywhere in a job.
 */
import { randomUUID } from 'node:crypto';
import { AppError, isAppError } from '../../../src-contract/app-error.ts';
import type { RuntimeArguments, RuntimeCallName, RuntimeValue, TypedText } from '../../../src-contract/runtime-calls.ts';
import type { Secrets } from '../masking/secrets.ts';
import type { JobService } from '../ports.ts';
import type { ServiceCalls } from '../service-calls.ts';

export interface AccessParts {
  service: JobService;
  calls: Pick<ServiceCalls, 'persist'>;
  secrets: Secrets;
  sandboxId: string;
  jobId: string;
  /** Something worth keeping in the journal. */
  decide: (text: string) => void;
}

type Handlers = { [Name in RuntimeCallName]: (given: RuntimeArguments<Name>) => Promise<RuntimeValue<Name>> };

/** Nothing more becomes of these by itself. */
const endedStatuses = ['Completed', 'Failed', 'Stopped', 'Suspended'];
/** The protocol's clients write dates so. */
const wireDate = /^\/Date\((-?\d+)\)\/$/;

export class AssetAccess implements Handlers {
  readonly #parts: AccessParts;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  async 'assets:get-variable'({ name }: RuntimeArguments<'assets:get-variable'>): Promise<TypedText> {
    const { service, secrets } = this.#parts;
    const { value, isEncrypted } = await this.#note(`read the variable ${name}`, (signal) =>
      service.getVariable(name, { signal }),
    );
    if (isEncrypted && value !== null) secrets.addValue(value);
    return typed(value === null ? null : parse(value));
  }

  async 'assets:set-variable'({
    name,
    value,
  }: RuntimeArguments<'assets:set-variable'>): Promise<RuntimeValue<'assets:set-variable'>> {
    const { service, secrets } = this.#parts;
    const set = (signal: AbortSignal): Promise<{ isEncrypted: boolean }> => service.setVariable(name, value, { signal });
    const { isEncrypted } = await this.#note(`set the variable ${name}`, set);
    if (isEncrypted) secrets.addValue(value);
    return {};
  }

  async 'assets:get-credential'({
    name,
  }: RuntimeArguments<'assets:get-credential'>): Promise<RuntimeValue<'assets:get-credential'>> {
    const { userName, password } = await this.credential(name, `read the credential ${name}`);
    return { userName: encoded(userName), password: encoded(password) };
  }

  async 'assets:get-connection'({
    name,
  }: RuntimeArguments<'assets:get-connection'>): Promise<RuntimeValue<'assets:get-connection'>> {
    const { service, secrets } = this.#parts;
    const found = await this.#note(`read the connection ${name}`, (signal) => service.getConnection(name, { signal }));
    const encrypted = new Set(found.encryptedFieldNames.map((one) => one.toLowerCase()));
    const fields = Object.entries(found.connectionFields).map(([field, value]) => {
      if (encrypted.has(field.toLowerCase())) secrets.addValue(typeof value === 'string' ? value : JSON.stringify(value));
      return { name: encoded(field), ...typed(value) };
    });
    return { fields };
  }

  async 'assets:get-certificate'({
    name,
  }: RuntimeArguments<'assets:get-certificate'>): Promise<RuntimeValue<'assets:get-certificate'>> {
    const { service, secrets } = this.#parts;
    const found = await this.#note(`read the certificate ${name}`, (signal) => service.getCertificate(name, { signal }));
    secrets.addCertificate(found.value);
    return { thumbprint: found.thumbprint, isExportable: found.isExportable, value: found.value };
  }

  async 'jobs:start'({ runbookName, parameters, runOn }: RuntimeArguments<'jobs:start'>): Promise<RuntimeValue<'jobs:start'>> {
    const { service, sandboxId, jobId } = this.#parts;
    this.#mustOfferJobs();
    const given = parse(parameters);
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new AppError('input-invalid', { what: 'The parameters of a runbook', reason: 'they are not names with values.' });
    const body = { runbookName, parameters: given as Record<string, unknown>, runOn };
    const childId = randomUUID();
    const started = await this.#note(`start the runbook ${runbookName}`, (signal) =>
      service.startChildJob(sandboxId, jobId, childId, body, { signal }),
    );
    // The service may have another job with the id that was proposed.
    return { jobId: started.jobId };
  }

  /** Asked again and again: not noted. */
  async 'jobs:look'({ jobId: childId }: RuntimeArguments<'jobs:look'>): Promise<RuntimeValue<'jobs:look'>> {
    const { service, calls, sandboxId, jobId } = this.#parts;
    this.#mustOfferJobs();
    const { status, exception } = await calls.persist((signal) => service.getChildJob(sandboxId, jobId, childId, { signal }));
    return {
      jobId: childId,
      status,
      isEnded: endedStatuses.includes(status),
      exception: exception === null ? null : encoded(exception),
    };
  }

  /** Also for parameters that name one. */
  async credential(name: string, what: string): Promise<{ userName: string; password: string }> {
    const { service, secrets } = this.#parts;
    const { userName, value } = await this.#note(what, (signal) => service.getCredential(name, { signal }));
    secrets.addText(value);
    return { userName, password: value };
  }

  async #note<Value>(what: string, operation: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const { calls, decide } = this.#parts;
    try {
      const value = await calls.persist(operation);
      decide(`The runbook ${past(what)}.`);
      return value;
    } catch (error) {
      if (isAppError(error)) decide(`The runbook could not ${what}: ${error.message}`);
      throw error;
    }
  }

  #mustOfferJobs(): void {
    if (this.#parts.service.features.has('child-jobs')) return;
    const reason = 'this automation service does not let a job start others.';
    throw new AppError('input-invalid', { what: 'Start-AutomationRunbook', reason });
  }
}

function past(what: string): string {
  return what.replace(/^(read|set|start)/, (verb) => (verb === 'start' ? 'started' : verb));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function typed(value: unknown): TypedText {
  if (value === null || value === undefined) return { kind: 'null', text: '' };
  if (typeof value !== 'string') return { kind: 'json', text: encoded(JSON.stringify(value)) };
  const milliseconds = wireDate.exec(value)?.[1];
  return milliseconds === undefined
    ? { kind: 'text', text: encoded(value) }
    : { kind: 'date', text: encoded(new Date(Number(milliseconds)).toISOString()) };
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
