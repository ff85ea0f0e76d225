/** Accounts, their keys, and the tokens of this API. */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import { accountEndpoint, type ServiceContext } from '../context.ts';
import { findAccount, insertAccount, listAccounts, setAccountKey, type Account } from '../store/accounts.ts';
import { nameKey } from '../store/names.ts';
import { createToken, listTokens, revokeToken, type Token } from '../store/tokens.ts';
import { makeSharedKey, openSharedKeys, sealSharedKey } from '../vault/shared-keys.ts';
import type { HandlersOf } from './handler.ts';
import { pageByKey } from './paging.ts';
import { checkName, requireAccount, unknownResource } from './resources.ts';
import { isoTime, isoTimeOrNull } from './times.ts';

export function accountHandlers(context: ServiceContext): HandlersOf<'accounts'> {
  const { store, vault, clock } = context;

  const information = (account: Account) => ({
    endpoint: accountEndpoint(context, account.id),
    keys: openSharedKeys(vault, 'account', account),
  });

  return {
    'accounts:list': async ({ query }) => {
      const accounts = await listAccounts(store.db);
      return { status: 200, value: pageByKey(accounts.map(viewAccount), query, ({ name }) => nameKey(name)) };
    },
    'accounts:create': async ({ params }) => {
      checkName(params.accountName, 'accountName');
      const id = randomUUID();
      const made: Omit<Account, 'nameKey'> = {
        id,
        name: params.accountName,
        primaryKey: sealSharedKey(vault, { kind: 'account', id }, 'primary', makeSharedKey()),
        secondaryKey: sealSharedKey(vault, { kind: 'account', id }, 'secondary', makeSharedKey()),
        createdAt: clock.now(),
      };
      const inserted = await store.write((tx) => insertAccount(tx, made));
      const account = await requireAccount(store.db, params.accountName);
      return { status: inserted ? 201 : 200, value: viewAccount(account) };
    },
    'accounts:get': async ({ params }) => ({
      status: 200,
      value: viewAccount(await requireAccount(store.db, params.accountName)),
    }),
    'accounts:keys': async ({ params }) => ({
      status: 200,
      value: information(await requireAccount(store.db, params.accountName)),
    }),
    'accounts:regenerate-key': async ({ params, body }) => {
      const account = await store.write(async (tx) => {
        const { id } = await requireAccount(tx.db, params.accountName);
        const key = sealSharedKey(vault, { kind: 'account', id }, body.keyName, makeSharedKey());
        await setAccountKey(tx, id, body.keyName, key);
        return findAccount(tx.db, params.accountName);
      });
      if (account === undefined) throw unknownResource('account', params.accountName);
      return { status: 200, value: information(account) };
    },
  };
}

function viewAccount(account: Account) {
  return { accountId: account.id, name: account.name, creationTime: isoTime(account.createdAt) };
}

export function tokenHandlers({ store, clock }: ServiceContext): HandlersOf<'tokens'> {
  return {
    'tokens:list': async ({ query }) => {
      const tokens = await listTokens(store.db);
      const page = pageByKey(tokens, query, ({ createdAt, id }) => `${String(createdAt).padStart(15, '0')}.${id}`);
      return { status: 200, value: { ...page, value: page.value.map(viewToken) } };
    },
    'tokens:create': async ({ body }) => {
      const now = clock.now();
      const { id, token } = await store.write((tx) => createToken(tx, body.role, body.name, now));
      const row = { id, name: body.name, role: body.role, createdAt: now, revokedAt: null };
      return { status: 201, value: { ...viewToken(row), token } };
    },
    'tokens:revoke': async ({ params, caller }) => {
      // Or the last administrator locks everybody out with a slip of the hand.
      if (params.tokenId === caller.id)
        throw new AppError('resource-in-use', { what: 'token', name: params.tokenId, by: 'this call' });
      const revoked = await store.write((tx) => revokeToken(tx, params.tokenId, clock.now()));
      if (!revoked) throw unknownResource('token', params.tokenId);
      return { status: 200, value: {} };
    },
  };
}

function viewToken(token: Token) {
  return {
    tokenId: token.id,
    name: token.name,
    role: token.role,
    creationTime: isoTime(token.createdAt),
    revokedTime: isoTimeOrNull(token.revokedAt),
  };
}
