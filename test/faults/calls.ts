/**
 * The calls of the agent protocol, as the service itself lists them: whatever route it is given has a name here, and none is written down twice.
 * The matrix does its faults to calls by these names, and its test holds them against the whole list.
 */
import type { IncomingMessage } from 'node:http';
import { createAgentServer } from '../../src-service/agent-api/agent-server.ts';
import type { ServiceContext } from '../../src-service/context.ts';
import { registerWorkspaceApi } from '../../src-service/workspace/workspace-api.ts';

/** Routes that no worker of ours calls on a service of ours. Everything else is to be called in each combination of the matrix. */
export const notCalled: ReadonlyMap<string, string> = new Map([
  [
    'POST /jrds/jobs/:jobId/postjobstream',
    'one record a call: for foreign workers, and for ours on a service that takes no batches (service-link-jrds.test.ts, sandbox-outlasts.test.ts)',
  ],
  ['POST /jrds/logs', 'traces: foreign workers alone send them; nothing of a job is in them'],
]);

/** Made by PowerShell alone: a machine without it cannot make them. */
export const needsPowerShell: readonly string[] = [
  'PUT /jrds/sandboxes/:sandboxId/jobs/:jobId/checkpoint',
  'GET /jrds/sandboxes/:sandboxId/jobs/:jobId/checkpoint',
  'POST /jrds/jobs/:jobId/resume',
  'PUT /jrds/sandboxes/:sandboxId/jobs/:jobId/children/:childId',
  'GET /jrds/sandboxes/:sandboxId/jobs/:jobId/children/:childId',
];

const account = '/jrds/automationaccounts/:accountId';

export interface Route {
  /** Method and path as the service has them (fixed words in lower case), without the account of the job runtime data service. */
  name: string;
  method: string;
  pattern: RegExp;
}

/** The agent port's routes, read from a server that is made for this and never listens. */
export async function agentRoutes(): Promise<Route[]> {
  // Routes are added without a look at what stands behind them.
  const context = {} as ServiceContext;
  const server = createAgentServer(context, { credentials: { key: '', cert: '' } });
  registerWorkspaceApi(server, context);
  await server.ready();
  const tree = server.printRoutes({ commonPrefix: false });
  await server.close();
  return readTree(tree);
}

/** Each line is a path, or what comes behind the path above it that is one step further left; with its methods in brackets. */
function readTree(tree: string): Route[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const found = /^([│ ]*[├└]── )(\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (found === null) {
      if (line.trim() === '') return [];
      throw new Error(`the list of routes has a line that is not understood: ${line}`);
    }
    const [, indent = '', part = '', methods = ''] = found;
    const depth = indent.length / 4;
    const path = `${above[depth - 2] ?? ''}${part}`;
    above.splice(depth - 1, Infinity, path);
    const pattern = new RegExp(`^${path.replaceAll(/[.]/g, '[.]').replaceAll(/:\w+/g, '[^/]+')}/?$`, 'i');
    const name = path.startsWith(account) ? `/jrds${path.slice(account.length)}` : path;
    return methods
      .split(', ')
      .filter((method) => method !== '')
      .map((method) => ({ name: `${method} ${name}`, method, pattern }));
  });
}

/** One name a call of the protocol. What one call does in several ways has a name for each: the route's, a comma, the way. */
export function callNamer(routes: readonly Route[]): (incoming: IncomingMessage, body: Buffer) => string {
  return ({ method = '', url = '', headers }, body) => {
    const path = url.replace(/\?.*$/, '');
    // The more fixed words the better: `…/jobs/getJobActions` is no job's id.
    const fitting = routes.filter((route) => route.method === method && route.pattern.test(path));
    const [best] = fitting.sort((one, other) => placeholders(one) - placeholders(other));
    if (best === undefined) return `${method} ${path}`;
    const isOfSandbox = /^Bearer\s/i.test(headers.authorization ?? '');
    return `${best.name}${wayOf(best.name, String(headers.prefer), body)}${isFinishing(best.name) && !isOfSandbox ? ', of a dead sandbox' : ''}`;
  };
}

export const routeOf = (call: string): string => call.replace(/,.*$/, '');

const placeholders = ({ name }: Route): number => name.split(':').length;

/** What a sandbox calls for itself, and its engine when it has died. */
function isFinishing(name: string): boolean {
  return /\/(?:records|acknowledged|changestatus|unload)$/.test(name) || name === 'GET /jrds/jobs/:jobId';
}

function wayOf(name: string, prefer: string, body: Buffer): string {
  if (name.endsWith('/getsandboxactions') || name.endsWith('/packs')) return /wait=[1-9]/.test(prefer) ? ', held' : '';
  if (!name.endsWith('/changestatus')) return '';
  const { jobStatus, isFinalStatus } = JSON.parse(body.toString('utf8')) as { jobStatus: string; isFinalStatus: boolean };
  return isFinalStatus ? ', final' : `, ${jobStatus}`;
}
