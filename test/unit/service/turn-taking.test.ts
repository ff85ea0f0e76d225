import { describe, expect, test } from 'vitest';
import { judgeTurn } from '../../../src-service/agent-api/turn-taking.ts';

const known = { turnNumber: 7, turnNonce: 'a' };

describe('the token that a worker brings', () => {
  test('is accepted when it is the next, or the last once more because the answer was lost', () => {
    expect(judgeTurn(known, { number: 8, nonce: 'b' })).toEqual({ kind: 'accepted', turn: { number: 8, nonce: 'b' } });
    expect(judgeTurn(known, { number: 7, nonce: 'a' })).toEqual({ kind: 'accepted', turn: { number: 7, nonce: 'a' } });
  });

  test('is accepted when it is ahead: our database was brought back from a backup', () => {
    expect(judgeTurn(known, { number: 900, nonce: 'z' }).kind).toBe('accepted');
  });

  test('has fallen behind when somebody else came with its successor, or with another of the same number', () => {
    expect(judgeTurn(known, { number: 6, nonce: 'x' }).kind).toBe('behind');
    expect(judgeTurn(known, { number: 7, nonce: 'other' }).kind).toBe('behind');
    expect(judgeTurn(known, undefined).kind).toBe('behind');
  });

  test('need not be there at first', () => {
    const fresh = { turnNumber: null, turnNonce: null };
    expect(judgeTurn(fresh, { number: 0, nonce: '' })).toEqual({ kind: 'accepted', turn: { number: 0, nonce: '' } });
    expect(judgeTurn(fresh, undefined).kind).toBe('accepted');
  });
});
