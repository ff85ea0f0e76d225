/**
 * The application at logon, in the tray: Electron's own way on Windows and macOS, an autostart entry of the desktops' common standard on
 * Linux (freedesktop.org, Desktop Application Autostart Specification). For this user alone.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';

export interface LogonCommand {
  name: string;
  /** Absolute. */
  file: string;
  arguments: readonly string[];
}

export interface StartAtLogon {
  isOn(): boolean;
  /** Throws AppError `input-invalid` where it cannot be kept. */
  change(on: boolean): void;
}

/** What of Electron's `app` it takes. */
export interface LoginItems {
  getLoginItemSettings(options: { path: string; args: string[] }): { openAtLogin: boolean };
  setLoginItemSettings(settings: { openAtLogin: boolean; path: string; args: string[] }): void;
}

export function createStartAtLogon(
  command: LogonCommand,
  { platform, autostartFolder, loginItems }: { platform: NodeJS.Platform; autostartFolder: string; loginItems: LoginItems },
): StartAtLogon {
  if (platform === 'linux') return autostartEntry(path.join(autostartFolder, 'hybrid-runbook-worker.desktop'), command);
  // Electron joins them as they are.
  const args = command.arguments.map((text) => (text.includes(' ') ? `"${text}"` : text));
  const item = { path: command.file, args };
  return {
    isOn: () => loginItems.getLoginItemSettings(item).openAtLogin,
    change: (on) => loginItems.setLoginItemSettings({ openAtLogin: on, ...item }),
  };
}

/** Where desktops look for a user's own entries. */
export function autostartFolderOf(environment: NodeJS.ProcessEnv, homeFolder: string): string {
  const { XDG_CONFIG_HOME: given = '' } = environment;
  return path.join(path.isAbsolute(given) ? given : path.join(homeFolder, '.config'), 'autostart');
}

function autostartEntry(file: string, command: LogonCommand): StartAtLogon {
  const entry = desktopEntry(command);
  return {
    // One of another data folder or an older place of the program starts something else: it is not ours.
    isOn: () => {
      try {
        return readFileSync(file, 'utf8') === entry;
      } catch {
        return false;
      }
    },
    change: (on) => {
      try {
        if (on) {
          mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
          writeFileSync(file, entry, { mode: 0o644 });
        } else rmSync(file, { force: true });
      } catch (error) {
        const reason = `It cannot be written: ${error instanceof Error ? error.message : String(error)}.`;
        throw new AppError('input-invalid', { what: file, reason }, { cause: error });
      }
    },
  };
}

export function desktopEntry({ name, file, arguments: given }: LogonCommand): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${name}`,
    'Comment=Keeps the hybrid runbook worker of this machine in the tray',
    `Exec=${[file, ...given].map(quoteArgument).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/**
 * As the Desktop Entry Specification wants arguments: in quotes, with a backslash before what is special in them, a percent sign twice; and
 * every backslash twice again, because the value is a string of the file.
 */
function quoteArgument(text: string): string {
  if (/^[\w./=:@-]+$/.test(text)) return text;
  const quoted = text.replaceAll(/["`$\\]/g, String.raw`\$&`).replaceAll('%', '%%');
  return `"${quoted.replaceAll('\\', '\\\\')}"`;
}
