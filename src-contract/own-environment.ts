/** Settings of our own Node, loader, package manager or tests: they must not change how a sandbox, or a runbook, runs. */

const prefixes = ['NODE_', 'LD_', 'DYLD_', 'ELECTRON_', 'npm_', 'NPM_', 'VITEST', 'CHROME_', 'HRW_'];
const names = new Set(['NODE', 'INIT_CWD', 'UV_THREADPOOL_SIZE', 'OLDPWD', 'PWD']);

export function isOwnSetting(variable: string): boolean {
  return names.has(variable) || prefixes.some((prefix) => variable.startsWith(prefix));
}
