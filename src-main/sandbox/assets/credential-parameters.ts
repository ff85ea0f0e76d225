/** Parameters of type PSCredential are given as the name of a credential asset; a runtime is handed the credential itself. */
import type { RunbookRead } from '../../../src-contract/jrds.ts';
import { isAppError } from '../../../src-contract/app-error.ts';
import type { LoadedJob } from '../job-loading.ts';
import type { JobParameter } from '../parameters.ts';
import type { Runtime } from '../ports.ts';
import type { AssetAccess } from './asset-access.ts';

const credentialType = 'System.Management.Automation.PSCredential';

export interface Credential {
  userName: string;
  password: string;
}

export type GivenParameter = JobParameter & { credential?: Credential };

/** What a runtime is handed. A reason, why it cannot be, is in the words that the job shows. */
export async function giveParameters(
  { parameters, runbook }: Pick<LoadedJob, 'parameters' | 'runbook'>,
  runtime: Pick<Runtime, 'refuse'>,
  access: Pick<AssetAccess, 'credential'>,
  signal: AbortSignal,
): Promise<GivenParameter[] | { reason: string }> {
  const given = await resolveCredentials(parameters, runbook.parameters, access, signal);
  if (!Array.isArray(given)) return given;
  const reason = runtime.refuse?.({ script: runbook.definition, parameters: given });
  return reason === undefined ? given : { reason };
}

async function resolveCredentials(
  parameters: readonly JobParameter[],
  declared: RunbookRead['parameters'],
  access: Pick<AssetAccess, 'credential'>,
  signal: AbortSignal,
): Promise<GivenParameter[] | { reason: string }> {
  const names = new Set(
    (declared ?? []).filter(({ ParameterType }) => ParameterType?.Name === credentialType).map(({ Name }) => Name.toLowerCase()),
  );
  const given: GivenParameter[] = [];
  for (const parameter of parameters) {
    const { name, value } = parameter;
    if (!names.has(name.toLowerCase()) || typeof value !== 'string' || value === '') {
      given.push(parameter);
      continue;
    }
    try {
      const what = `read the credential ${value} for its parameter ${name}`;
      given.push({ ...parameter, credential: await access.credential(value, what) });
    } catch (error) {
      if (signal.aborted) return { reason: 'the job was ended before its parameters were there' };
      if (!isAppError(error)) throw error;
      return { reason: `The parameter ${name} names the credential ${value}, which could not be read. ${error.message}` };
    }
  }
  return given;
}
