/** What holds for every operation of the REST API, walked from the contract. */
import { randomUUID } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Role } from '../../src-contract/engine-calls.ts';
import { commonErrors, problemContentType, restOperations, restProblem, type OperationName } from '../../src-contract/rest.ts';
import { isMedia, type Operation } from '../../src-contract/rest/operation.ts';
import { createRestServer } from '../../src-service/rest-api/rest-server.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, startRestFixture, type RestFixture } from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();

const operations = Object.entries(restOperations) as [OperationName, Operation][];
const roles: readonly Role[] = ['reader', 'operator', 'administrator'];
let fixture: RestFixture;
let tokens: Record<Role, string>;

beforeAll(async () => {
  fixture = await startRestFixture();
  const made = await Promise.all(
    roles.map(async (role) => [role, (await fixture.rest.call('tokens:create', { body: { name: role, role } })).token] as const),
  );
  tokens = Object.fromEntries(made) as Record<Role, string>;
});
afterAll(() => fixture.close());

const addressOf = ({ path }: Operation): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === 'accountName' ? accountName : 'x'));

function sendAs(operation: Operation, token: string | undefined, more: { query?: string; body?: string } = {}) {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  return fixture.send(`${addressOf(operation)}${more.query ?? ''}`, {
    method: operation.method,
    headers,
    ...(more.body === undefined ? {} : { body: more.body }),
  });
}

interface Described {
  operationId: string;
  summary: string;
  description: string;
  'x-role': string;
  responses: Record<string, { 'x-problem-codes'?: string[]; content: object }>;
}

describe('the description', () => {
  it('is valid OpenAPI 3.1', async () => {
    const answer = await fixture.send('/openapi.json');
    const validation = await new Validator().validate(JSON.parse(answer.text) as Record<string, unknown>);
    expect(validation.errors).toBeUndefined();
    expect(validation.valid).toBe(true);
    expect(answer.text).toContain('"openapi":"3.1.0"');
  });

  it('has every route, and every route is in it', async () => {
    const { paths } = JSON.parse((await fixture.send('/openapi.json')).text) as {
      paths: Record<string, Record<string, Described>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes: string[] = [];
    const server = createRestServer(fixture.service.context, {
      onRoute: (method, url) => routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`),
    });
    await server.ready();
    await server.close();
    expect(described.sort()).toEqual(routes.sort());
    expect(described).toHaveLength(operations.length);
  });

  it('says of every operation what it does, who may call it and what it may refuse with', async () => {
    const { paths } = JSON.parse((await fixture.send('/openapi.json')).text) as {
      paths: Record<string, Record<string, Described>>;
    };
    for (const [name, operation] of operations) {
      const found = paths[operation.path]?.[operation.method.toLowerCase()];
      expect(found, name).toMatchObject({ operationId: name, summary: operation.summary, 'x-role': operation.role });
      const codes = Object.values(found?.responses ?? {}).flatMap((response) => response['x-problem-codes'] ?? []);
      const expected = operation.role === 'none' ? ['request-invalid', 'storage-unavailable', 'internal'] : commonErrors;
      expect(new Set(codes), name).toEqual(new Set([...expected, ...operation.errors]));
    }
  });
});

describe('an operation', () => {
  const withRole = operations.filter(([, { role }]) => role !== 'none');
  it.each(withRole)('refuses who has no token, and who has one of a lower role: %s', async (_name, operation) => {
    expect(await sendAs(operation, undefined)).toMatchObject({ status: 401, code: provokes('token-refused') });
    expect(await sendAs(operation, 'hrw_wrong')).toMatchObject({ status: 401, code: 'token-refused' });
    for (const role of roles.slice(0, roles.indexOf(operation.role as Role))) {
      expect(await sendAs(operation, tokens[role])).toMatchObject({ status: 403, code: provokes('role-too-low') });
    }
  });

  it.each(operations)('refuses query parameters that it does not know: %s', async (_name, operation) => {
    const answer = await sendAs(operation, tokens.administrator, { query: '?filter=x' });
    expect(answer).toMatchObject({ status: 400, code: provokes('request-invalid') });
    const problem = restProblem.parse(JSON.parse(answer.text));
    expect(problem.correlationId).toBe(answer.headers.get('x-correlation-id'));
    expect(answer.headers.get('content-type')).toContain(problemContentType);
  });

  const withBody = operations.filter(([, { body }]) => body !== undefined && !isMedia(body));
  it.each(withBody)('refuses a body that has keys which it does not know, or is no JSON: %s', async (_name, operation) => {
    const body = JSON.stringify({ unheardOf: true });
    expect(await sendAs(operation, tokens.administrator, { body })).toMatchObject({ status: 400, code: 'request-invalid' });
    expect(await sendAs(operation, tokens.administrator, { body: '{"half' })).toMatchObject({
      status: 400,
      code: 'request-invalid',
    });
  });
});

describe('every call', () => {
  it('gets its own correlation id back, and another when it is no plain word', async () => {
    const own = await fixture.send('/healthz', { headers: { 'x-correlation-id': 'my-call-42' } });
    expect(own).toMatchObject({ status: 200 });
    expect(own.headers.get('x-correlation-id')).toBe('my-call-42');
    const odd = await fixture.send('/healthz', { headers: { 'x-correlation-id': 'a b"c' } });
    expect(odd.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('to a path that does not exist is a problem too', async () => {
    const nowhere = await fixture.send('/accounts');
    expect(nowhere).toMatchObject({ status: 404, code: provokes('resource-unknown') });
    expect(restProblem.parse(JSON.parse(nowhere.text)).nextStep).toContain('/openapi.json');
    expect(await fixture.send('/automationAccounts/%zz')).toMatchObject({ status: 400, code: 'request-invalid' });
    expect(await fixture.send(`/automationAccounts/${'a'.repeat(400)}`)).toMatchObject({ status: 414, code: 'request-invalid' });
    expect(await fixture.send('/healthz', { method: 'DELETE' })).toMatchObject({ status: 404 });
  });

  it('says in its own words what a body is to be', async () => {
    const headers = { authorization: `Bearer ${tokens.administrator}`, 'content-type': 'application/json' };
    const path = `/automationAccounts/${accountName}/jobs/${randomUUID()}`;
    const body = JSON.stringify({ runbook: 'Plain', runOn: 'berlin' });
    const { text } = await fixture.send(path, { method: 'PUT', headers, body });
    expect(restProblem.parse(JSON.parse(text)).text).toBe(
      'body.runbook: it is to be an object, and is text. Nothing was changed.',
    );
  });

  it('takes names as long as they may be', async () => {
    const name = 'a'.repeat(127);
    const headers = { authorization: `Bearer ${tokens.administrator}`, 'content-type': 'application/json' };
    const made = await fixture.send(`/automationAccounts/${name}`, { method: 'PUT', headers, body: '{}' });
    expect(made).toMatchObject({ status: 201 });
    expect(await fixture.send(`/automationAccounts/${name}a`, { method: 'PUT', headers, body: '{}' })).toMatchObject({
      status: 400,
    });
  });

  it('with a body beyond its limit is refused unread', async () => {
    const headers = { authorization: `Bearer ${tokens.administrator}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'x'.repeat(100_000), role: 'reader' });
    expect(await fixture.send('/tokens', { method: 'POST', headers, body })).toMatchObject({
      status: 413,
      code: 'request-invalid',
    });
  });

  it('that meets a mistake of ours says so with its correlation id, and nothing of the mistake', async () => {
    const explain = vi
      .spyOn(fixture.service.context.dispatcher.late, 'flush')
      .mockRejectedValue(new Error('a secret of the inside'));
    try {
      const answer = await sendAs(restOperations['groups:list'], tokens.administrator);
      expect(answer).toMatchObject({ status: 500, code: provokes('internal') });
      expect(answer.text).toContain(answer.headers.get('x-correlation-id') ?? 'missing');
      expect(answer.text).not.toContain('a secret of the inside');
    } finally {
      explain.mockRestore();
    }
  });
});
