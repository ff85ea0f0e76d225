import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../src-contract/app-error.ts';
import { SystemdService, unitText } from '../../src-main/platform/linux/systemd-service.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const program = { file: '/opt/hybrid runbook worker/hrw', leading: [] };
const installation = { account: { kind: 'virtual' }, dataFolder: '/var/lib/hybrid-runbook-worker' } as const;

/** A machine whose systemctl notes what it is asked, and knows a unit that runs once it was started. */
async function machine(): Promise<{ service: SystemdService; unitFile: string; asked: () => Promise<string[]> }> {
  const folder = await tempFolder();
  const [unitFolder, systemdFolder, programs] = ['units', 'run', 'bin'].map((name) => path.join(folder, name));
  if (unitFolder === undefined || systemdFolder === undefined || programs === undefined) throw new Error('no folders');
  await mkdir(systemdFolder);
  await mkdir(programs);
  const log = path.join(folder, 'asked');
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${log}`,
    'case "$2" in',
    `show) if [ -e ${folder}/runs ]; then echo ActiveState=active; echo MainPID=4711; else echo ActiveState=failed; echo MainPID=0; fi; echo UnitFileState=enabled;;`,
    `start) [ -e ${folder}/refuse ] && { echo "Failed to start it: no" >&2; exit 1; }; : > ${folder}/runs;;`,
    `stop|disable) rm -f ${folder}/runs;;`,
    'esac',
  ];
  await writeFile(path.join(programs, 'systemctl'), `${script.join('\n')}\n`, { mode: 0o755 });
  const environment = { PATH: `${programs}:/usr/bin:/bin` };
  return {
    service: new SystemdService({ program, unitFolder, systemdFolder, environment }),
    unitFile: path.join(unitFolder, 'hybrid-runbook-worker.service'),
    asked: async () => (await readFile(log, 'utf8')).trim().split('\n'),
  };
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  return await work.then(
    () => {
      throw new Error('it went well');
    },
    (error: unknown) => error as AppError,
  );
}

describe('the service under systemd', () => {
  it('is written, enabled, started, looked at, stopped and removed', async () => {
    const { service, unitFile, asked } = await machine();
    expect((await service.status()).state).toBe('not-installed');
    await service.install(installation);
    expect(await readFile(unitFile, 'utf8')).toBe(unitText([program.file, 'run', '--data', '/var/lib/hybrid-runbook-worker']));
    expect(await service.status()).toMatchObject({ state: 'stopped', start: 'automatic', processId: null });
    await service.start();
    expect(await service.status()).toMatchObject({ state: 'running', account: 'root', processId: 4711 });
    await service.stop();
    expect((await service.status()).state).toBe('stopped');
    await service.uninstall();
    expect(existsSync(unitFile)).toBe(false);
    const verbs = (await asked()).map((line) => line.split(' ')[1]).filter((verb) => verb !== 'show');
    expect(verbs).toEqual(['daemon-reload', 'enable', 'start', 'stop', 'disable', 'daemon-reload']);
  });

  it('ends the worker alone, and divides its control group itself', () => {
    const text = unitText(['/opt/a b/hrw', 'run', '--data', '/data/100%']);
    expect(text).toContain('\nKillMode=process\n');
    expect(text).toContain('\nDelegate=yes\n');
    expect(text).toContain('\nDelegateSubgroup=worker\n');
    expect(text).toContain('\nExecStart="/opt/a b/hrw" "run" "--data" "/data/100%%"\n');
  });

  it('says what is missing and what was refused', async () => {
    const folder = await tempFolder();
    const without = new SystemdService({ program, unitFolder: folder, systemdFolder: path.join(folder, 'absent') });
    expect((await failureOf(without.install(installation))).code).toBe(provokes('system-service-manager-missing'));
    expect((await failureOf(without.status())).message).toContain(path.join(folder, 'absent'));

    const { service, unitFile } = await machine();
    expect((await failureOf(service.start())).code).toBe(provokes('system-service-missing'));
    await service.install(installation);
    await writeFile(path.join(path.dirname(unitFile), '..', 'refuse'), '');
    const refused = await failureOf(service.start());
    expect(refused.code).toBe(provokes('system-service-refused'));
    expect(refused.message).toContain('Failed to start it: no');
    const account = { kind: 'local-system' } as const;
    expect((await failureOf(service.install({ ...installation, account }))).message).toContain('on Linux it runs as root');
  });
});
