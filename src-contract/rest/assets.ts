/** Assets that runbooks read by name. Secrets go in and never come out of this API. */
import * as z from 'zod';
import { maxVariableCharacters } from '../limits.ts';
import { nothing, pageOf, pageQuery, time, type Operation } from './operation.ts';

const common = { name: z.string(), description: z.string(), creationTime: time, lastModifiedTime: time };
const description = z.string().max(4000).optional();

export const variable = z
  .object({
    ...common,
    isEncrypted: z.boolean(),
    value: z.unknown().meta({ description: 'Any JSON; null for an encrypted variable.' }),
  })
  .meta({ id: 'Variable' });

export const credential = z.object({ ...common, userName: z.string() }).meta({ id: 'Credential' });

export const connection = z
  .object({
    ...common,
    connectionFields: z.record(z.string(), z.string().nullable()).meta({ description: 'null for an encrypted field.' }),
    encryptedFieldNames: z.array(z.string()),
  })
  .meta({ id: 'Connection' });

export const certificate = z
  .object({ ...common, thumbprint: z.string(), expiryTime: time, isExportable: z.boolean() })
  .meta({ id: 'Certificate' });

const put = {
  variable: z
    .strictObject({
      description,
      value: z
        .unknown()
        .refine((value) => value !== undefined && JSON.stringify(value).length <= maxVariableCharacters, {
          error: `give any JSON of at most ${maxVariableCharacters} characters`,
        })
        .meta({ description: 'Any JSON.' }),
      isEncrypted: z.boolean().optional().meta({ description: 'Decided when the variable is made; false if not given.' }),
    })
    .meta({ id: 'VariableContent' }),
  credential: z
    .strictObject({ description, userName: z.string().min(1), password: z.string() })
    .meta({ id: 'CredentialContent' }),
  connection: z
    .strictObject({
      description,
      connectionFields: z.record(z.string(), z.string()),
      encryptedFieldNames: z.array(z.string()).default([]),
    })
    .meta({ id: 'ConnectionContent' }),
  certificate: z
    .strictObject({
      description,
      base64Value: z.base64().meta({ description: 'A certificate (DER or PEM), or one with its key (PKCS #12).' }),
      password: z.string().optional().meta({ description: 'Of the PKCS #12 file. It is used to read it and not kept.' }),
      isExportable: z.boolean().default(true),
    })
    .meta({ id: 'CertificateContent' }),
} as const;

const base = '/automationAccounts/{accountName}';

/** The four kinds have the same calls: written once, with names and shapes filled in. */
function assetOperations<
  const Plural extends string,
  View extends z.ZodObject,
  Put extends z.ZodType,
  Page extends z.ZodType,
>(one: { plural: Plural; label: string; view: View; put: Put; page: Page; replaces: string }) {
  return {
    list: {
      method: 'GET',
      path: `${base}/${one.plural}`,
      role: 'reader',
      summary: `Lists the ${one.plural}, without their secrets.`,
      query: pageQuery,
      answers: { 200: one.page },
      errors: ['resource-unknown'],
    },
    get: {
      method: 'GET',
      path: `${base}/${one.plural}/{assetName}`,
      role: 'reader',
      summary: `One ${one.label}, without its secrets.`,
      answers: { 200: one.view },
      errors: ['resource-unknown'],
    },
    put: {
      method: 'PUT',
      path: `${base}/${one.plural}/{assetName}`,
      role: 'administrator',
      summary: `Makes a ${one.label} or replaces its content. ${one.replaces}`,
      body: one.put,
      maxBodyBytes: 4 * maxVariableCharacters,
      answers: { 201: one.view, 200: one.view },
      errors: ['resource-unknown'],
    },
    delete: {
      method: 'DELETE',
      path: `${base}/${one.plural}/{assetName}`,
      role: 'administrator',
      summary: `Removes a ${one.label}. Runbooks that read it will not find it.`,
      answers: { 200: nothing },
      errors: ['resource-unknown'],
    },
  } as const satisfies Record<string, Operation>;
}

const variables = assetOperations({
  plural: 'variables',
  label: 'variable',
  view: variable,
  put: put.variable,
  page: pageOf(variable).meta({ id: 'VariablePage' }),
  replaces: 'Whether it is encrypted is decided once.',
});
const credentials = assetOperations({
  plural: 'credentials',
  label: 'credential',
  view: credential,
  put: put.credential,
  page: pageOf(credential).meta({ id: 'CredentialPage' }),
  replaces: 'The password is write-only.',
});
const connections = assetOperations({
  plural: 'connections',
  label: 'connection',
  view: connection,
  put: put.connection,
  page: pageOf(connection).meta({ id: 'ConnectionPage' }),
  replaces: 'Encrypted fields are write-only.',
});
const certificates = assetOperations({
  plural: 'certificates',
  label: 'certificate',
  view: certificate,
  put: put.certificate,
  page: pageOf(certificate).meta({ id: 'CertificatePage' }),
  replaces: 'Its bytes are write-only.',
});

export const assetOperationsByName = {
  'variables:list': variables.list,
  'variables:get': variables.get,
  'variables:put': variables.put,
  'variables:delete': variables.delete,
  'credentials:list': credentials.list,
  'credentials:get': credentials.get,
  'credentials:put': credentials.put,
  'credentials:delete': credentials.delete,
  'connections:list': connections.list,
  'connections:get': connections.get,
  'connections:put': connections.put,
  'connections:delete': connections.delete,
  'certificates:list': certificates.list,
  'certificates:get': certificates.get,
  'certificates:put': certificates.put,
  'certificates:delete': certificates.delete,
} as const;
