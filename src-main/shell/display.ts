/** Whether a window can be shown at all, and what to do where it cannot. Pure. */

export function displayIsMissing(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  return platform === 'linux' && !environment['DISPLAY'] && !environment['WAYLAND_DISPLAY'];
}

export function noDisplayMessage(dataFolder: string | undefined): string {
  return [
    'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot be shown.',
    'The worker runs without one, and does the same work:',
    '',
    `  hrw run${dataFolder === undefined ? '' : ` --data ${dataFolder}`}`,
    '',
    '',
  ].join('\n');
}
