/** What the settings form holds and the change that it becomes. Pure. */
import { changeableNames, changeableSettings, type ChangeableName, type Settings } from '../../../../src-contract/settings.ts';
import type { EngineArguments } from '../../../../src-contract/engine-calls.ts';
import { texts } from '../../../texts.ts';

/** Whose keys count is a rule of the local policy and stands there; what the event log keeps is chosen, not typed. */
type OtherName = 'trustedKeys' | 'logLevel';
type FormName = Exclude<ChangeableName, OtherName>;
export const formNames = changeableNames.filter((name): name is FormName => name !== 'trustedKeys' && name !== 'logLevel');

/** As typed; empty where a setting may be left open. */
export type SettingsForm = Record<FormName, string>;

const mayBeEmpty: readonly FormName[] = ['limit', 'runAs', 'memoryLimitMb', 'processLimit', 'cpuLimitPercent'];

export function startOfSettings(settings: Settings): SettingsForm {
  return Object.fromEntries(formNames.map((name) => [name, String(settings[name] ?? '')])) as SettingsForm;
}

function valueOf(name: FormName, text: string): string | number | null {
  const trimmed = text.trim();
  // Empty is a culture's own word for the machine's.
  if (name === 'culture') return trimmed;
  if (trimmed === '') return mayBeEmpty.includes(name) ? null : NaN;
  return name === 'runAs' ? trimmed : Number(trimmed);
}

export type ReadForm =
  | { ok: true; change: EngineArguments<'settings:change'>; changes: number }
  | { ok: false; mistakes: Partial<Record<FormName, string>> };

/** Only what differs from the settings is changed: somebody else may have changed the rest meanwhile. */
export function readSettingsForm(form: SettingsForm, settings: Settings): ReadForm {
  const change: EngineArguments<'settings:change'> = {};
  const mistakes: Partial<Record<FormName, string>> = {};
  for (const name of formNames) {
    const value = valueOf(name, form[name]);
    const checked = changeableSettings.safeParse({ [name]: value });
    if (!checked.success) mistakes[name] = texts.settings.mistakes[name];
    else if (value !== settings[name]) Object.assign(change, checked.data);
  }
  if (Object.keys(mistakes).length > 0) return { ok: false, mistakes };
  return { ok: true, change, changes: Object.keys(change).length };
}
