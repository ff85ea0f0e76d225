/** Bearer tokens and their roles. */
import { AppError } from '../../src-contract/app-error.ts';
import { role, type Role } from '../../src-contract/engine-calls.ts';
import type { Store } from '../store/store.ts';
import { findToken } from '../store/tokens.ts';
import type { Caller } from './handler.ts';

const nobody: Caller = { id: '', name: '', role: 'reader' };

export async function authenticate(store: Store, authorization: string | undefined, needed: Role | 'none'): Promise<Caller> {
  if (needed === 'none') return nobody;
  const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const token = given === undefined ? undefined : await findToken(store.db, given);
  if (token === undefined) throw new AppError('token-refused', {});
  if (role.options.indexOf(token.role) < role.options.indexOf(needed)) {
    throw new AppError('role-too-low', { role: token.role, needed });
  }
  return token;
}
