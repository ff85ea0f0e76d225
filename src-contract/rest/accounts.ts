/** Accounts, their keys, and the tokens of this API. */
import * as z from 'zod';
import { role } from '../engine-calls.ts';
import { nothing, pageOf, pageQuery, time, type Operation } from './operation.ts';

export const account = z.object({ accountId: z.string(), name: z.string(), creationTime: time }).meta({ id: 'Account' });

export const keyPair = z.object({ primary: z.string(), secondary: z.string() }).meta({ id: 'KeyPair' });
export const keyName = z.strictObject({ keyName: z.enum(['primary', 'secondary']) }).meta({ id: 'KeyName' });

export const registrationInformation = z
  .object({ endpoint: z.string(), keys: keyPair })
  .meta({ id: 'AgentRegistrationInformation', description: 'What a machine needs to register: the endpoint, and either key.' });

export const token = z
  .object({ tokenId: z.string(), name: z.string(), role, creationTime: time, revokedTime: time.nullable() })
  .meta({ id: 'Token' });

export const accountOperations = {
  'accounts:list': {
    method: 'GET',
    path: '/automationAccounts',
    role: 'reader',
    summary: 'Lists the accounts.',
    query: pageQuery,
    answers: { 200: pageOf(account).meta({ id: 'AccountPage' }) },
    errors: [],
  },
  'accounts:create': {
    method: 'PUT',
    path: '/automationAccounts/{accountName}',
    role: 'administrator',
    summary: 'Makes an account with two keys. One that is there is answered with 200.',
    body: nothing,
    answers: { 201: account, 200: account },
    errors: [],
  },
  'accounts:get': {
    method: 'GET',
    path: '/automationAccounts/{accountName}',
    role: 'reader',
    summary: 'One account.',
    answers: { 200: account },
    errors: ['resource-unknown'],
  },
  'accounts:keys': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/agentRegistrationInformation',
    role: 'administrator',
    summary: 'The endpoint and the keys that machines register with.',
    answers: { 200: registrationInformation },
    errors: ['resource-unknown'],
  },
  'accounts:regenerate-key': {
    method: 'POST',
    path: '/automationAccounts/{accountName}/agentRegistrationInformation/regenerateKey',
    role: 'administrator',
    summary: 'Replaces one key. Machines that are registered stay so; the old key registers no further one.',
    body: keyName,
    answers: { 200: registrationInformation },
    errors: ['resource-unknown'],
  },
  'tokens:list': {
    method: 'GET',
    path: '/tokens',
    role: 'administrator',
    summary: 'Lists the tokens of this API, without the tokens themselves.',
    query: pageQuery,
    answers: { 200: pageOf(token).meta({ id: 'TokenPage' }) },
    errors: [],
  },
  'tokens:create': {
    method: 'POST',
    path: '/tokens',
    role: 'administrator',
    summary: 'Makes a token. It is in this answer and nowhere else.',
    body: z.strictObject({ name: z.string().trim().min(1).max(127), role }).meta({ id: 'NewToken' }),
    answers: { 201: token.extend({ token: z.string() }).meta({ id: 'CreatedToken' }) },
    errors: [],
  },
  'tokens:revoke': {
    method: 'DELETE',
    path: '/tokens/{tokenId}',
    role: 'administrator',
    summary: 'Revokes a token: the next call that carries it is refused.',
    answers: { 200: nothing },
    errors: ['resource-unknown', 'resource-in-use'],
  },
} as const satisfies Record<string, Operation>;
