/** What a sandbox may inherit. Settings for our own Node, loader or package manager must not change how it, or a runbook, runs. */

const strippedPrefixes = ['NODE_', 'LD_', 'DYLD_', 'ELECTRON_', 'npm_', 'NPM_', 'VITEST', 'CHROME_', 'HRW_'];
const strippedNames = new Set(['NODE', 'INIT_CWD', 'UV_THREADPOOL_SIZE', 'OLDPWD', 'PWD']);

/** A variable without a value here is left out. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) =>
        value !== undefined && !strippedNames.has(name) && !strippedPrefixes.some((prefix) => name.startsWith(prefix)),
    ),
  );
}
