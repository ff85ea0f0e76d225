/** What the settings form holds and the change that it becomes. Pure. */
import { changeableSettings, type Settings } from '../../../../src-contract/settings.ts';
import type { EngineArguments } from '../../../../src-contract/engine-calls.ts';
import { texts } from '../../../texts.ts';

export type ChangeableName = 'limit' | 'stopGraceSeconds' | 'retentionDays';
/** As typed; an empty limit means as many as the machine has cores. */
export type SettingsForm = Record<ChangeableName, string>;

export function startOfSettings(settings: Settings): SettingsForm {
  return {
    limit: settings.limit === null ? '' : String(settings.limit),
    stopGraceSeconds: String(settings.stopGraceSeconds),
    retentionDays: String(settings.retentionDays),
  };
}

function valueOf(name: ChangeableName, text: string): number | null {
  const trimmed = text.trim();
  return name === 'limit' && trimmed === '' ? null : Number(trimmed === '' ? NaN : trimmed);
}

export type ReadForm =
  | { ok: true; change: EngineArguments<'settings:change'>; changes: number }
  | { ok: false; mistakes: Partial<Record<ChangeableName, string>> };

/** Only what differs from the settings is changed: somebody else may have changed the rest meanwhile. */
export function readSettingsForm(form: SettingsForm, settings: Settings): ReadForm {
  const change: EngineArguments<'settings:change'> = {};
  const mistakes: Partial<Record<ChangeableName, string>> = {};
  for (const name of ['limit', 'stopGraceSeconds', 'retentionDays'] as const) {
    const value = valueOf(name, form[name]);
    const checked = changeableSettings.safeParse({ [name]: value });
    if (!checked.success) mistakes[name] = texts.settings.mistakes[name];
    else if (value !== settings[name]) Object.assign(change, checked.data);
  }
  if (Object.keys(mistakes).length > 0) return { ok: false, mistakes };
  return { ok: true, change, changes: Object.keys(change).length };
}
