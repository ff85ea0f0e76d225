/** What the settings form holds and the change that it becomes. Pure. */
import { changeableNames, changeableSettings, type ChangeableName, type Settings } from '../../../../src-contract/settings.ts';
import type { EngineArguments } from '../../../../src-contract/engine-calls.ts';
import { texts } from '../../../texts.ts';

/** As typed; empty where a setting may be left open. */
export type SettingsForm = Record<ChangeableName, string>;

const mayBeEmpty: readonly ChangeableName[] = [
  'limit',
  'runAs',
  'memoryLimitMb',
  'processLimit',
  'cpuLimitPercent',
  'trustedKeys',
];

export function startOfSettings(settings: Settings): SettingsForm {
  return Object.fromEntries(changeableNames.map((name) => [name, String(settings[name] ?? '')])) as SettingsForm;
}

function valueOf(name: ChangeableName, text: string): string | number | null {
  const trimmed = text.trim();
  // Empty is a culture's own word for the machine's.
  if (name === 'culture') return trimmed;
  if (trimmed === '') return mayBeEmpty.includes(name) ? null : NaN;
  return name === 'runAs' || name === 'trustedKeys' ? trimmed : Number(trimmed);
}

export type ReadForm =
  | { ok: true; change: EngineArguments<'settings:change'>; changes: number }
  | { ok: false; mistakes: Partial<Record<ChangeableName, string>> };

/** Only what differs from the settings is changed: somebody else may have changed the rest meanwhile. */
export function readSettingsForm(form: SettingsForm, settings: Settings): ReadForm {
  const change: EngineArguments<'settings:change'> = {};
  const mistakes: Partial<Record<ChangeableName, string>> = {};
  for (const name of changeableNames) {
    const value = valueOf(name, form[name]);
    const checked = changeableSettings.safeParse({ [name]: value });
    if (!checked.success) mistakes[name] = texts.settings.mistakes[name];
    else if (value !== settings[name]) Object.assign(change, checked.data);
  }
  if (Object.keys(mistakes).length > 0) return { ok: false, mistakes };
  return { ok: true, change, changes: Object.keys(change).length };
}
