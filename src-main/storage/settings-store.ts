/**
 * settings.json. `conf` reads and writes it (electron-store in the app, which is built on it), checked against the contract's schema both
 * ways. A file that cannot be read is set aside; connection, registration and policy then come back from the copy that is kept beside the secrets.
 */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Conf from 'conf';
import * as z from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { defaultSettings, settings as settingsShape, settingsVersion, type Settings } from '../../src-contract/settings.ts';
import type { DataLayout } from './layout.ts';
import { errnoOf, isDiskFull, preparePrivateFile, readTextFile, setAside, writePrivateFile } from './private-files.ts';

/** What both conf and electron-store are to us. */
export interface SettingsFile {
  store: Record<string, unknown>;
}
export interface SettingsFileOptions {
  /** Folder of the file, absolute. */
  cwd: string;
  /** conf's word and electron-store's word for the file's name without its extension. */
  configName: string;
  name: string;
  schema: Record<string, object>;
  configFileMode: number;
  clearInvalidConfig: false;
  accessPropertiesByDotNotation: false;
}
export type OpenSettingsFile = (options: SettingsFileOptions) => SettingsFile;

/** The machine's policy too: a worker that forgot it and kept its registration would run what was forbidden. */
const copyShape = settingsShape.pick({ connection: true, registration: true, policy: true, trustedKeys: true });

/** Brings raw settings of version `from` to `from + 1`. */
export interface SettingsMigration {
  from: number;
  run: (raw: Record<string, unknown>) => Record<string, unknown>;
}

/**
 * Version 1 knew no user for runbooks, no limits and no draining that outlives an engine. Version 2 knew no proxy of the system: a program of
 * that version would take such settings for damaged, and must not start on them.
 */
const knownMigrations: readonly SettingsMigration[] = [
  { from: 1, run: (raw) => ({ ...defaultSettings, ...raw, version: 2 }) },
  { from: 2, run: (raw) => ({ ...raw, version: 3 }) },
];

export interface OpenSettingsOptions {
  layout: DataLayout;
  now: () => Date;
  openFile?: OpenSettingsFile;
  migrations?: readonly SettingsMigration[];
}

export class SettingsStore {
  /** Where unreadable settings were set aside at this start. */
  readonly setAsideAs: string | undefined;
  /** Of settings that were set aside: whether connection and registration came back from their copy. */
  readonly registrationKept: boolean;
  private value: Settings;
  private readonly openFile: () => SettingsFile;
  /** undefined: what it has to hold before it is opened has not been written yet. */
  private file: SettingsFile | undefined;
  private readonly layout: DataLayout;
  private lastChange: Promise<void> = Promise.resolve();

  private onChanged: () => void = () => undefined;

  constructor(
    layout: DataLayout,
    file: { open: () => SettingsFile; isWritten: boolean },
    value: Settings,
    found: { setAsideAs: string | undefined; registrationKept: boolean },
  ) {
    this.layout = layout;
    this.openFile = file.open;
    this.file = file.isWritten ? file.open() : undefined;
    this.value = value;
    this.setAsideAs = found.setAsideAs;
    this.registrationKept = found.registrationKept;
  }

  get current(): Settings {
    return this.value;
  }

  /** Told after each change. */
  follow(onChanged: () => void): void {
    this.onChanged = onChanged;
  }

  /** Throws AppError `setting-invalid`. Passwords never get here: they are secrets. */
  async change(patch: Partial<Settings>): Promise<Settings> {
    // One after the other, each from what the one before has left; a failed one does not block the next.
    const change = this.lastChange.catch(() => undefined).then(() => this.changeNow(patch));
    this.lastChange = change;
    await change;
    this.onChanged();
    return this.value;
  }

  private async changeNow(patch: Partial<Settings>): Promise<void> {
    const parsed = settingsShape.safeParse({ ...this.value, ...patch });
    if (!parsed.success) throw settingInvalid(parsed.error);
    try {
      await this.write(parsed.data);
    } catch (error) {
      const dataFolder = this.layout.folder;
      const reason = `the settings were not saved (${errnoOf(error) ?? String(error)})`;
      throw new AppError('data-folder-unusable', { dataFolder, reason }, { cause: error });
    }
  }

  /** The file first, then what is held here, then the copy, for which there is room by then: none of them is ahead of a change that failed. */
  private async write(next: Settings): Promise<void> {
    const { connection, registration, policy, trustedKeys } = next;
    const copy = { connection, registration, policy, trustedKeys };
    const prepared = await preparePrivateFile(this.layout.registrationCopy, textOf(copy));
    try {
      await this.writeFile(next);
    } catch (error) {
      await prepared.discard();
      throw error;
    }
    this.value = next;
    await prepared.place();
  }

  /**
   * The module that conf writes with (atomically 2.1) takes a write that a full disk has cut short for a whole one, and gives the rest of it
   * the file's name. So the same is kept beside it, whole, until the file has been read again.
   */
  private async writeFile(next: Settings): Promise<void> {
    const { settingsFile } = this.layout;
    const whole = await preparePrivateFile(settingsFile, textOf(next));
    if (this.file === undefined) {
      await whole.place();
      this.file = this.openFile();
      return;
    }
    try {
      this.file.store = next;
    } catch (error) {
      await whole.discard();
      throw error;
    }
    const written = parseObject(await readTextFile(settingsFile).catch(() => undefined));
    if (isDeepStrictEqual(written, JSON.parse(JSON.stringify(next)))) await whole.discard();
    else await whole.place();
  }
}

/** Throws AppError `data-folder-newer` when a newer version wrote the file. */
export async function openSettings(options: OpenSettingsOptions): Promise<SettingsStore> {
  const { layout, now, openFile = openWithConf, migrations = knownMigrations } = options;
  const found = await readSettings(layout, migrations);
  const setAsideAs = found.kind === 'unreadable' ? path.basename(await setAside(layout.settingsFile, now())) : undefined;
  const copy = found.kind === 'read' ? undefined : await readCopy(layout);
  const value = found.kind === 'read' ? found.settings : { ...defaultSettings, ...copy };
  // The file is brought into its present shape before conf sees it: conf checks the schema when it opens the file, and throws.
  const isWritten = (found.kind === 'read' && !found.changed) || (await keep(layout, value, found));
  const open = (): SettingsFile =>
    openFile({
      cwd: path.dirname(layout.settingsFile),
      configName: path.basename(layout.settingsFile, '.json'),
      name: path.basename(layout.settingsFile, '.json'),
      schema: confSchema(),
      configFileMode: 0o600,
      clearInvalidConfig: false,
      accessPropertiesByDotNotation: false,
    });
  return new SettingsStore(layout, { open, isWritten }, value, { setAsideAs, registrationKept: copy !== undefined });
}

/** false: the disk is full. They hold as they are here, and stand in the file from the first change on that it has room for. */
async function keep(layout: DataLayout, value: Settings, found: Found): Promise<boolean> {
  const { settingsFile } = layout;
  try {
    if (found.kind === 'read') await copyFile(settingsFile, `${settingsFile}.version-${String(found.version)}`);
    await writePrivateFile(settingsFile, textOf(value));
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    return false;
  }
}

function textOf(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function openWithConf(options: SettingsFileOptions): SettingsFile {
  return new Conf<Record<string, unknown>>({ ...options });
}

type Found =
  { kind: 'absent' } | { kind: 'unreadable' } | { kind: 'read'; settings: Settings; version: number; changed: boolean };

async function readSettings(layout: DataLayout, migrations: readonly SettingsMigration[]): Promise<Found> {
  if (!existsSync(layout.settingsFile)) return { kind: 'absent' };
  const raw = parseObject(await readTextFile(layout.settingsFile).catch(() => undefined));
  const version = raw?.['version'];
  if (raw === undefined || typeof version !== 'number') return { kind: 'unreadable' };
  if (version > settingsVersion) {
    throw new AppError('data-folder-newer', { dataFolder: layout.folder, found: version, known: settingsVersion });
  }
  let migrated = raw;
  for (let from = version; from < settingsVersion; from += 1) {
    const step = migrations.find((one) => one.from === from);
    if (step === undefined) return { kind: 'unreadable' };
    migrated = step.run(migrated);
  }
  const parsed = settingsShape.safeParse(migrated);
  if (!parsed.success) return { kind: 'unreadable' };
  return { kind: 'read', settings: parsed.data, version, changed: version !== settingsVersion };
}

async function readCopy(layout: DataLayout): Promise<Partial<Settings> | undefined> {
  const parsed = copyShape.safeParse(parseObject(await readTextFile(layout.registrationCopy).catch(() => undefined)));
  return parsed.data;
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = text === undefined ? undefined : JSON.parse(text);
    return z.record(z.string(), z.unknown()).safeParse(parsed).data;
  } catch {
    return undefined;
  }
}

/** conf takes the properties of an object's schema. */
function confSchema(): Record<string, object> {
  const { properties } = z.toJSONSchema(settingsShape, { io: 'input' });
  return (properties ?? {}) as Record<string, object>;
}

function settingInvalid(error: z.ZodError): AppError {
  const issue = error.issues[0];
  return new AppError('setting-invalid', {
    name: issue?.path.join('.') ?? 'settings',
    reason: issue?.message ?? 'It does not fit',
  });
}
