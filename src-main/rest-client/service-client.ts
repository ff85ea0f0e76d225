/** Calls of the REST API, typed by the contract: what is sent is checked by the service, what comes back is parsed here. */
import { AppError } from '../../src-contract/app-error.ts';
import { problem as problemSchema } from '../../src-contract/problems.ts';
import {
  restOperations,
  type OperationName,
  type RestBodyInput,
  type RestParams,
  type RestQueryInput,
  type RestValue,
} from '../../src-contract/rest.ts';
import { isMedia, type Operation } from '../../src-contract/rest/operation.ts';
import { Refused } from '../../src-contract/refused.ts';
import type { ServiceAnswer, ServiceConnection, ServiceRequest } from './service-connection.ts';

export interface CallGiven<Name extends OperationName> {
  params?: RestParams<Name>;
  query?: { [Key in keyof RestQueryInput<Name>]?: RestQueryInput<Name>[Key] | undefined };
  body?: RestBodyInput<Name>;
  signal?: AbortSignal;
}

export class ServiceClient {
  private readonly connection: ServiceConnection;
  private readonly token: string;

  constructor(connection: ServiceConnection, token: string) {
    this.connection = connection;
    this.token = token;
  }

  async call<Name extends OperationName>(name: Name, given: CallGiven<Name> = {}): Promise<RestValue<Name>> {
    return (await this.ask(name, given)).value;
  }

  /** For what is made where there is none yet. `isNew`: this call made it. */
  async make<Name extends OperationName>(
    name: Name,
    given: CallGiven<Name>,
  ): Promise<{ isNew: boolean; value: RestValue<Name> }> {
    const { status, value } = await this.ask(name, given);
    return { isNew: status === 201, value };
  }

  private async ask<Name extends OperationName>(
    name: Name,
    given: CallGiven<Name>,
  ): Promise<{ status: number; value: RestValue<Name> }> {
    const answer = await this.connection.call(this.requestOf(name, given));
    const operation: Operation = restOperations[name];
    const content = operation.answers[answer.status];
    if (content === undefined) throw this.failureOf(answer);
    // Text and events are as they came; the type says which of the three it is.
    if (isMedia(content)) return { status: answer.status, value: answer.body.toString('utf8') as RestValue<Name> };
    const parsed = content.safeParse(readJson(answer.body));
    if (parsed.success) return { status: answer.status, value: parsed.data as RestValue<Name> };
    throw unexpectedAnswer(
      this.connection.host,
      answer.status,
      `JSON of another shape (${parsed.error.issues[0]?.path.join('.') ?? ''})`,
    );
  }

  /** For answers that come piece by piece. */
  async download<Name extends OperationName>(
    name: Name,
    given: CallGiven<Name>,
    write: (piece: Buffer) => Promise<void>,
    more: { lastEventId?: string | undefined; heldSeconds?: number } = {},
  ): Promise<void> {
    const request = this.requestOf(name, given);
    if (more.lastEventId !== undefined) request.headers = { ...request.headers, 'last-event-id': more.lastEventId };
    if (more.heldSeconds !== undefined) request.heldSeconds = more.heldSeconds;
    const answer = await this.connection.download({ ...request, maxAnswerBytes: Number.MAX_SAFE_INTEGER }, write);
    if (answer.status !== 200) throw this.failureOf(answer);
  }

  /** Every page of a list, one after another. */
  async *list<Name extends OperationName & `${string}:${'list' | 'agents' | 'packs' | 'waiting'}`>(
    name: Name,
    given: CallGiven<Name> = {},
  ): AsyncGenerator<ListItem<Name>, void, undefined> {
    let after: string | undefined;
    do {
      const query = { ...given.query, after } as unknown as RestQueryInput<Name>;
      const page = (await this.call(name, { ...given, query })) as { value: ListItem<Name>[]; next: string | null };
      yield* page.value;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async listAll<Name extends Parameters<ServiceClient['list']>[0]>(
    name: Name,
    given: CallGiven<Name> = {},
  ): Promise<ListItem<Name>[]> {
    const items: ListItem<Name>[] = [];
    for await (const item of this.list(name, given)) items.push(item);
    return items;
  }

  private requestOf<Name extends OperationName>(name: Name, given: CallGiven<Name>): ServiceRequest {
    const operation: Operation = restOperations[name];
    const params = (given.params ?? {}) as Record<string, string>;
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries((given.query ?? {}) as Record<string, string | number | undefined>)) {
      if (value !== undefined) query.set(key, String(value));
    }
    const media = operation.body !== undefined && isMedia(operation.body) ? operation.body.media : 'application/json';
    return {
      method: operation.method as ServiceRequest['method'],
      path: query.size === 0 ? path : `${path}?${query.toString()}`,
      headers: {
        authorization: `Bearer ${this.token}`,
        accept: '*/*',
        ...(given.body === undefined ? {} : { 'content-type': media }),
      },
      ...(given.body === undefined ? {} : { body: encodeBody(given.body) }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    };
  }

  private failureOf(answer: ServiceAnswer): Error {
    const parsed = problemSchema.safeParse(readJson(answer.body));
    if (parsed.success) return new Refused(parsed.data);
    return unexpectedAnswer(this.connection.host, answer.status, 'something that is not this API’s');
  }
}

type ListItem<Name extends OperationName> = RestValue<Name> extends { value: (infer Item)[] } ? Item : never;

function encodeBody(body: unknown): Buffer {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function unexpectedAnswer(host: string, status: number, what: string): AppError {
  return new AppError('answer-not-understood', { host, status, what });
}
