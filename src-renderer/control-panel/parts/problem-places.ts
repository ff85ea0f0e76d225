/** Where in the window a problem is repaired or looked into. Pure. */
import type { Problem, ProblemCode } from '../../../src-contract/problems.ts';
import type { Place } from '../state/place.ts';

const connection: Place = { page: 'connection' };
const group: Place = { page: 'group' };
const events: Place = { page: 'events' };
const diagnostics: Place = { page: 'diagnostics' };

const places: Partial<Record<ProblemCode, Place>> = {
  'host-unknown': connection,
  'connection-refused': connection,
  'wrong-port': connection,
  'connection-timed-out': connection,
  'certificate-untrusted': connection,
  'certificate-other-authority': connection,
  'certificate-pin-mismatch': connection,
  'system-proxy-unusable': connection,
  'proxy-unreachable': connection,
  'proxy-not-understood': connection,
  'proxy-authentication-required': connection,
  'proxy-ntlm-required': connection,
  'proxy-refused': connection,
  'workspace-key-refused': connection,
  'workspace-unknown': connection,
  'workspace-not-linked': connection,
  'agent-unknown': connection,
  'not-connected': connection,
  'pack-missing': group,
  'pack-invalid': connection,
  'pack-signature-invalid': connection,
  'workspace-wrong-account': group,
  'worker-not-accepted': group,
  'not-registered': group,
  'still-registered': group,
  'machine-cloned': group,
  'certificate-not-replaced': group,
  'answer-not-understood': events,
  'service-refused': events,
  'tls-intercepted': events,
  'settings-unreadable': { page: 'settings' },
  'sandbox-not-started': events,
  'sandbox-folder-unusable': diagnostics,
  'disk-space-low': diagnostics,
  'run-as-unavailable': { page: 'settings' },
};

export function placeOfProblem(problem: Problem): Place | undefined {
  const { sandboxId, jobId } = problem.details;
  const known = places[problem.code as ProblemCode];
  if (known !== undefined) return known;
  const id = jobId ?? sandboxId;
  return typeof id === 'string' ? { page: 'job', id } : undefined;
}

/** The field of the connection or registration form that a refusal is about. */
export type FormField = 'workspaceId' | 'workspaceKey' | 'serviceUrl' | 'trust' | 'proxy' | 'groupName' | 'endpoint' | 'token';

const fields: Partial<Record<ProblemCode, FormField>> = {
  'host-unknown': 'serviceUrl',
  'connection-refused': 'serviceUrl',
  'wrong-port': 'serviceUrl',
  'connection-timed-out': 'serviceUrl',
  'answer-not-understood': 'serviceUrl',
  'certificate-untrusted': 'trust',
  'certificate-other-authority': 'trust',
  'certificate-pin-mismatch': 'trust',
  'system-proxy-unusable': 'proxy',
  'proxy-unreachable': 'proxy',
  'proxy-not-understood': 'proxy',
  'proxy-authentication-required': 'proxy',
  'proxy-ntlm-required': 'proxy',
  'proxy-refused': 'proxy',
  'workspace-key-refused': 'workspaceKey',
  'workspace-unknown': 'workspaceId',
  'endpoint-invalid': 'endpoint',
  'account-unknown': 'endpoint',
  'workspace-wrong-account': 'endpoint',
  'account-key-refused': 'token',
  'group-name-invalid': 'groupName',
};

export function fieldOfProblem(problem: Problem): FormField | undefined {
  return fields[problem.code as ProblemCode];
}
