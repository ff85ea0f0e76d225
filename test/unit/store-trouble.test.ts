import { describe, expect, it } from 'vitest';
import { storeTrouble } from '../../src-service/store/store-trouble.ts';

const refusedWith = (code: string): Error => Object.assign(new Error('what it says'), { code });

describe('what the database server does to the store', () => {
  it('is trouble that passes where the server is gone, or somebody holds what was waited for', () => {
    for (const code of ['08006', '53300', '57P01', '25006', '25P03', '55P03', '57014'])
      expect(storeTrouble(refusedWith(code)), code).toBe('its server says “what it says”');
    for (const text of ['Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'Query read timeout'])
      expect(storeTrouble(new Error(text)), text).toBe('the connection to its server was lost');
  });

  it('is no such trouble where the mistake is ours', () => {
    for (const code of ['23505', '40P01', '42601']) expect(storeTrouble(refusedWith(code)), code).toBeUndefined();
    expect(storeTrouble(new TypeError('ours'))).toBeUndefined();
  });
});
