/** /openapi.json: OpenAPI 3.1, made from the same operations that make the routes. */
import * as z from 'zod';
import type { Role } from '../../src-contract/engine-calls.ts';
import type { ProblemCode } from '../../src-contract/problems.ts';
import { commonErrors, correlationHeader, problemContentType, restOperations, restProblem } from '../../src-contract/rest.ts';
import { liveEvents } from '../../src-contract/rest/jobs.ts';
import { isMedia, type Content, type Operation } from '../../src-contract/rest/operation.ts';
import { statusOfProblem } from '../problem-status.ts';

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

const roleTexts: Record<Role | 'none', string> = {
  none: 'Needs no token.',
  reader: 'Needs a token of any role.',
  operator: 'Needs a token with the role operator or administrator.',
  administrator: 'Needs a token with the role administrator.',
};

export function describeApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(restOperations) as [string, Operation][]) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describeOperation(name, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Automation service',
      version,
      description: 'Accounts, runbooks, jobs, worker groups, assets, workspaces and packs. Failures are problems (RFC 9457).',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { ...namedSchemas('output'), ...namedSchemas('input') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describeOperation(name: string, operation: Operation): Json {
  const [tag = ''] = name.split(':');
  return {
    operationId: name,
    tags: [tag],
    summary: operation.summary,
    description: roleTexts[operation.role],
    'x-role': operation.role,
    security: operation.role === 'none' ? [] : [{ token: [] }],
    parameters: [...pathParameters(operation), ...queryParameters(operation)],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: describeContent(operation.body, 'input') } }),
    responses: { ...describeAnswers(operation), ...describeErrors(operation) },
  };
}

function pathParameters(operation: Operation): Json[] {
  return [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(operation: Operation): Json[] {
  if (operation.query === undefined) return [];
  const { properties = {} } = schemaOf(operation.query, 'input') as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function describeAnswers(operation: Operation): Json {
  const answers = Object.entries(operation.answers).map(([status, content]) => [
    status,
    {
      description: isMedia(content) ? content.description : (content.meta()?.description ?? answerTexts[status] ?? 'Done.'),
      headers: { [correlationHeader]: { description: 'Stands in the service’s log too.', schema: { type: 'string' } } },
      content: describeContent(content, 'output'),
    },
  ]);
  return Object.fromEntries(answers) as Json;
}

const answerTexts: Record<string, string> = { 200: 'Done.', 201: 'Made.' };

function describeErrors(operation: Operation): Json {
  const common = operation.role === 'none' ? (['request-invalid', 'storage-unavailable', 'internal'] as const) : commonErrors;
  const byStatus = Map.groupBy(new Set<ProblemCode>([...common, ...operation.errors]), (code) => statusOfProblem(code));
  const described = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.join(', '),
      'x-problem-codes': codes,
      content: { [problemContentType]: { schema: reference(restProblem.meta()?.id ?? '') } },
    },
  ]);
  return Object.fromEntries(described) as Json;
}

function describeContent(content: Content, direction: Direction): Json {
  if (!isMedia(content)) return { 'application/json': { schema: schemaOrReference(content, direction) } };
  const schema = content.media.startsWith('text/') ? { type: 'string' } : { contentMediaType: content.media };
  return { [content.media]: { schema } };
}

function schemaOrReference(schema: z.ZodType, direction: Direction): Json {
  const id = schema.meta()?.id;
  return id === undefined ? schemaOf(schema, direction) : reference(id);
}

function reference(id: string): Json {
  return { $ref: `#/components/schemas/${id}` };
}

/** Every shape that has a name: bodies as they are sent (`input`), everything else as it is answered. */
function namedSchemas(direction: Direction): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  const operations: Operation[] = Object.values(restOperations);
  const contents: (Content | undefined)[] =
    direction === 'input'
      ? operations.map((operation) => operation.body)
      : [...operations.flatMap((operation) => Object.values(operation.answers)), restProblem, ...Object.values(liveEvents)];
  for (const content of contents) {
    if (content !== undefined && !isMedia(content)) addNamed(registry, content);
  }
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => reference(id)['$ref'] as string, io: direction, override: tidy });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _s, $id: _i, id: _d, ...schema }]) => [id, schema as Json]),
  );
}

/** The schema and those inside it. */
function addNamed(registry: z.core.$ZodRegistry<{ id: string }>, schema: z.core.$ZodType): void {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) {
    if (registry.has(schema)) return;
    registry.add(schema, { id });
  }
  for (const inner of innerSchemas(schema)) addNamed(registry, inner);
}

function innerSchemas(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values<z.core.$ZodType>(schema.shape);
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return [schema.def.innerType];
  return [];
}

function schemaOf(schema: z.ZodType, direction: Direction): Json {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, { io: direction, override: tidy });
  return rest;
}

/** zod writes the whole grammar of a date beside its format, and JavaScript's largest integers as bounds. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
