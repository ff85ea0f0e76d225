/** Every structure that is handed to Windows, against the headers: a small program of C, built for Windows and run under wine, says their layouts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { requireWine, runUnderWine, wineIsThere, wineNode, type WineNode } from '../harness/wine-node.ts';

interface Layout {
  size: number;
  offsets: number[];
}

interface StructuresReport {
  layouts: Record<string, Layout>;
  own: { parent: number; session: number; cpuMs: number; residentBytes: number; peakBytes: number };
  parent: number;
  residentBytes: number;
}

const compiler = 'x86_64-w64-mingw32-gcc';
const status =
  'dwServiceType dwCurrentState dwControlsAccepted dwWin32ExitCode dwServiceSpecificExitCode dwCheckPoint dwWaitHint';
const basic =
  'PerProcessUserTimeLimit PerJobUserTimeLimit LimitFlags MinimumWorkingSetSize MaximumWorkingSetSize ActiveProcessLimit Affinity PriorityClass SchedulingClass';
const counters =
  'ReadOperationCount WriteOperationCount OtherOperationCount ReadTransferCount WriteTransferCount OtherTransferCount';

/** Ours → the header's, with its members in our order. */
const headers: Record<string, [string, string]> = {
  dataBlob: ['DATA_BLOB', 'cbData pbData'],
  basicAccounting: [
    'JOBOBJECT_BASIC_ACCOUNTING_INFORMATION',
    'TotalUserTime TotalKernelTime ThisPeriodTotalUserTime ThisPeriodTotalKernelTime TotalPageFaultCount TotalProcesses ActiveProcesses TotalTerminatedProcesses',
  ],
  cpuRateControl: ['JOBOBJECT_CPU_RATE_CONTROL_INFORMATION', 'ControlFlags CpuRate'],
  extendedLimits: [
    'JOBOBJECT_EXTENDED_LIMIT_INFORMATION',
    [
      ...basic.split(' ').map((name) => `BasicLimitInformation.${name}`),
      ...counters.split(' ').map((name) => `IoInfo.${name}`),
      'ProcessMemoryLimit JobMemoryLimit PeakProcessMemoryUsed PeakJobMemoryUsed',
    ].join(' '),
  ],
  localGroupInfo: ['LOCALGROUP_INFO_1', 'lgrpi1_name lgrpi1_comment'],
  lsaObjectAttributes: [
    'LSA_OBJECT_ATTRIBUTES',
    'Length RootDirectory ObjectName Attributes SecurityDescriptor SecurityQualityOfService',
  ],
  lsaUnicodeString: ['LSA_UNICODE_STRING', 'Length MaximumLength Buffer'],
  sidAndAttributes: ['SID_AND_ATTRIBUTES', 'Sid Attributes'],
  failureAction: ['SC_ACTION', 'Type Delay'],
  failureActions: ['SERVICE_FAILURE_ACTIONSW', 'dwResetPeriod lpRebootMsg lpCommand cActions lpsaActions'],
  serviceConfig: [
    'QUERY_SERVICE_CONFIGW',
    'dwServiceType dwStartType dwErrorControl lpBinaryPathName lpLoadOrderGroup dwTagId lpDependencies lpServiceStartName lpDisplayName',
  ],
  serviceDescription: ['SERVICE_DESCRIPTIONW', 'lpDescription'],
  serviceStatusProcess: ['SERVICE_STATUS_PROCESS', `${status} dwProcessId dwServiceFlags`],
  serviceStatus: ['SERVICE_STATUS', status],
  serviceTableEntry: ['SERVICE_TABLE_ENTRYW', 'lpServiceName lpServiceProc'],
};

function requireCompiler(context: TestContext): void {
  if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0) return;
  context.expect(compiler).not.toBe('');
  context.skip(`there is no ${compiler} on this machine (Debian: gcc-mingw-w64-x86-64)`);
}

/** JSON of every layout. */
function programText(): string {
  const entries = Object.entries(headers).map(([ours, [theirs, members]]) => {
    const offsets = members.split(' ').map((member) => `offsetof(${theirs}, ${member})`);
    const format = `\\"${ours}\\": {\\"size\\": %d, \\"offsets\\": [${offsets.map(() => '%d').join(', ')}]}`;
    return `  fprintf(to, "${format}", (int)sizeof(${theirs}), ${offsets.map((one) => `(int)${one}`).join(', ')});`;
  });
  const includes = ['windows.h', 'winsvc.h', 'wincrypt.h', 'ntsecapi.h', 'lm.h', 'stddef.h', 'stdio.h'];
  return [
    '#define _WIN32_WINNT 0x0A00',
    ...includes.map((name) => `#include <${name}>`),
    'int main(int count, char **given) {',
    '  FILE *to = fopen(given[1], "w");',
    '  fprintf(to, "{");',
    entries.join('\n  fprintf(to, ", ");\n'),
    '  fprintf(to, "}");',
    '  return fclose(to);',
    '}',
    '',
  ].join('\n');
}

describe.runIf(wineIsThere())('structures that Windows reads and writes', () => {
  let windows: WineNode;
  let found: StructuresReport;

  beforeAll(async () => {
    windows = await wineNode();
    found = await windows.run<StructuresReport>('structures');
  });

  it('are laid out as the headers have them', async (context) => {
    requireCompiler(context);
    const { linux, windows: folder } = windows.folder;
    writeFileSync(path.join(linux, 'layouts.c'), programText());
    execFileSync(compiler, ['-o', 'layouts.exe', 'layouts.c'], { cwd: linux });
    await runUnderWine(`${folder}\\layouts.exe`, [`${folder}\\layouts.json`], path.join(linux, 'layouts.error'));
    const wanted = JSON.parse(readFileSync(path.join(linux, 'layouts.json'), 'utf8')) as Record<string, Layout>;
    const ours = Object.fromEntries(Object.keys(headers).map((name) => [name, found.layouts[name]]));
    expect(ours).toEqual(wanted);
  });

  it('that the headers keep to themselves are as their users know them', () => {
    expect(found.layouts['processIdList']).toEqual({ size: 8, offsets: [0, 4] });
    expect(found.layouts['systemTimeOfDay']).toEqual({ size: 48, offsets: [0, 8, 16, 24, 28, 32, 40] });
    expect(Object.keys(found.layouts).sort()).toEqual(
      [...Object.keys(headers), 'processIdList', 'systemTimeOfDay', 'systemProcessInformation'].sort(),
    );
    // What is read of this process is so.
    expect(found.own.parent).toBe(found.parent);
    expect(found.own.residentBytes / found.residentBytes).toBeCloseTo(1, 0);
    expect(found.own.peakBytes).toBeGreaterThanOrEqual(found.own.residentBytes);
    expect(found.own.cpuMs).toBeGreaterThan(0);
  });
});

if (!wineIsThere()) it('structures are compared under wine', requireWine);
