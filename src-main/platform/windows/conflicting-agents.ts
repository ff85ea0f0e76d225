/** Agents of Microsoft that run jobs on a machine as we do: two of them would each take what they find, as two owners of one machine. */
import { hasRegistryKey } from './registry.ts';
import { queryService } from './service-control.ts';

interface KnownAgent {
  agent: string;
  services: string[];
  /** Below HKEY_LOCAL_MACHINE. */
  keys: string[];
}

/** By the names of their services, and by the keys that they keep where they run without one. */
const knownAgents: KnownAgent[] = [
  {
    agent: 'the Microsoft Monitoring Agent (System Center Operations Manager, Log Analytics)',
    services: ['HealthService'],
    keys: [],
  },
  {
    agent: 'System Center Orchestrator',
    services: ['orunbook', 'omanagement', 'oremoting'],
    keys: [],
  },
  {
    agent: 'the Azure Automation Hybrid Runbook Worker',
    services: ['HybridWorkerService'],
    keys: ['SOFTWARE\\Microsoft\\HybridRunbookWorker', 'SOFTWARE\\Microsoft\\HybridRunbookWorkerV2'],
  },
];

/** `knownBy`: what an administrator finds it by. */
export function findConflictingAgents(): { agent: string; knownBy: string }[] {
  return knownAgents.flatMap(({ agent, services, keys }) => {
    const service = services.find((name) => queryService(name) !== undefined);
    if (service !== undefined) return [{ agent, knownBy: `its service ${service}` }];
    const key = keys.find(hasRegistryKey);
    return key === undefined ? [] : [{ agent, knownBy: `its registry key HKLM\\${key}` }];
  });
}
