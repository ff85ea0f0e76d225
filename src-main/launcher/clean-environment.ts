/** What a sandbox may inherit. */
import { isOwnSetting } from '../../src-contract/own-environment.ts';

/** A variable without a value here is left out. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => value !== undefined && !isOwnSetting(name)));
}
