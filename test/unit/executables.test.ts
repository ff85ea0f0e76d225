import { describe, expect, it } from 'vitest';
import { resolveApplication, resolveExecutables } from '../../src-main/platform/executables.ts';

describe('the programs that one of ours starts', () => {
  it('are bundles run by the checkout’s own Node in a checkout', () => {
    const { sandbox, hrw, resourcesFolder } = resolveExecutables({
      mode: 'checkout',
      folder: '/repository/out',
      platform: 'linux',
    });
    const node = '/repository/node_modules/node/bin/node';
    expect(sandbox).toEqual({ file: node, leading: ['/repository/out/sandbox.cjs'] });
    expect(hrw).toEqual({ file: node, leading: ['/repository/out/hrw.cjs'] });
    expect(resourcesFolder).toBe('/repository/out');
  });

  it('are single executables in an installation, never Electron', () => {
    const { sandbox, hrw } = resolveExecutables({
      mode: 'packaged',
      folder: 'C:\\Program Files\\Worker\\resources',
      platform: 'win32',
    });
    expect(sandbox).toEqual({ file: 'C:\\Program Files\\Worker\\resources\\bin\\Orchestrator.Sandbox.exe', leading: [] });
    expect(hrw.file).toBe('C:\\Program Files\\Worker\\resources\\bin\\hrw.exe');
  });

  it('have an application beside them, which a checkout prepares first', () => {
    const checkout = resolveApplication({ mode: 'checkout', folder: '/repository/out', platform: 'linux' });
    expect(checkout).toEqual({ file: '/repository/node_modules/node/bin/node', leading: ['/repository/scripts/run.mjs', 'app'] });
    const installed = resolveApplication({ mode: 'packaged', folder: 'C:\\Worker\\resources', platform: 'win32' });
    expect(installed).toEqual({ file: 'C:\\Worker\\Hybrid Runbook Worker.exe', leading: [] });
  });
});
