import { describe, expect, it } from 'vitest';
import { resolveApplication, resolveExecutables, thisInstallation, thisProgram } from '../../src-main/platform/executables.ts';

describe('the programs that one of ours starts', () => {
  it('are bundles run by the checkout’s own Node in a checkout', () => {
    const { sandbox, hrw, historyThread } = resolveExecutables({
      mode: 'checkout',
      folder: '/repository/out',
      platform: 'linux',
    });
    const node = '/repository/node_modules/node/bin/node';
    expect(sandbox).toEqual({ file: node, leading: ['/repository/out/sandbox.cjs'] });
    expect(hrw).toEqual({ file: node, leading: ['/repository/out/hrw.cjs'] });
    expect(historyThread).toBe('/repository/out/history-thread.cjs');
  });

  it('are single executables beside each other in an installation, never Electron', () => {
    const folder = 'C:\\Program Files\\Worker\\resources\\bin';
    const { sandbox, hrw, historyThread } = resolveExecutables({ mode: 'packaged', folder, platform: 'win32' });
    expect(sandbox).toEqual({ file: `${folder}\\Orchestrator.Sandbox.exe`, leading: [] });
    expect(hrw).toEqual({ file: `${folder}\\hrw.exe`, leading: [] });
    expect(historyThread).toBe(`${folder}\\history-thread.cjs`);
  });

  it('take their thread from beside the bundle of whoever asks', () => {
    const installation = { mode: 'packaged', folder: '/opt/worker/resources/bin', platform: 'linux' } as const;
    const { historyThread, sandbox } = resolveExecutables(installation, '/opt/worker/resources/app.asar/out');
    expect(historyThread).toBe('/opt/worker/resources/app.asar/out/history-thread.cjs');
    expect(sandbox.file).toBe('/opt/worker/resources/bin/Orchestrator.Sandbox');
  });

  it('have an application beside them, which a checkout prepares first', () => {
    const checkout = resolveApplication({ mode: 'checkout', folder: '/repository/out', platform: 'linux' });
    expect(checkout).toEqual({ file: '/repository/node_modules/node/bin/node', leading: ['/repository/scripts/run.mjs', 'app'] });
    const installed = resolveApplication({ mode: 'packaged', folder: 'C:\\Worker\\resources\\bin', platform: 'win32' });
    expect(installed).toEqual({ file: 'C:\\Worker\\Hybrid Runbook Worker.exe', leading: [] });
  });

  it('start again with their script where Node runs one', () => {
    expect(thisInstallation('/repository/out')).toEqual({
      mode: 'checkout',
      folder: '/repository/out',
      platform: process.platform,
    });
    expect(thisProgram()).toEqual({ file: process.execPath, leading: [process.argv[1]] });
  });
});
