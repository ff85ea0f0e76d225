import { describe, expect, it } from 'vitest';
import { compareVersions, isVersionFolder } from '../../src-contract/versions.ts';

describe('versions', () => {
  it.each([
    ['0.1.0', '0.1.0', 0],
    ['0.1.9', '0.1.10', -1],
    ['1.0.0', '0.9.9', 1],
    ['0.2.0-rc.1', '0.2.0', -1],
    ['0.2.0', '0.2.0-rc.1', 1],
    ['0.2.0-rc.2', '0.2.0-rc.10', -1],
    ['1.9.10', '1.10.0', -1],
    ['2.0.0', '1.10.0', 1],
  ])('%s and %s compare as %i', (one, other, expected) => {
    expect(Math.sign(compareVersions(one, other))).toBe(expected);
  });

  it.each([
    ['0.1.0', true],
    ['0.2.0-rc.1', true],
    ['bin', false],
    ['0.1', false],
    ['0.1.0 (copy)', false],
    ['..', false],
  ])('%s as the name of a version’s folder: %s', (name, expected) => {
    expect(isVersionFolder(name)).toBe(expected);
  });
});
