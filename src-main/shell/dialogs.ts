/** The operating system's own dialogs for files: opened over the window, answered with null when they are cancelled. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import { AppError } from '../../src-contract/app-error.ts';

const largestCertificateBytes = 1024 * 1024;

const savedKinds = {
  csv: { name: 'Comma-separated values', extension: 'csv' },
  json: { name: 'JSON', extension: 'json' },
  text: { name: 'Text', extension: 'txt' },
  zip: { name: 'Zip archive', extension: 'zip' },
} as const;

export async function chooseSavedFile(
  window: BrowserWindow | undefined,
  name: string,
  format: keyof typeof savedKinds,
): Promise<string | null> {
  if (window === undefined) return null;
  const kind = savedKinds[format];
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    title: 'Save as',
    defaultPath: path.join(app.getPath('documents'), `${name}.${kind.extension}`),
    filters: [{ name: kind.name, extensions: [kind.extension] }],
  });
  return canceled || filePath === '' ? null : filePath;
}

export async function chooseCertificate(window: BrowserWindow | undefined): Promise<{ pem: string | null }> {
  if (window === undefined) return { pem: null };
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: 'Certificate of the authority',
    properties: ['openFile'],
    filters: [
      { name: 'Certificates', extensions: ['pem', 'crt', 'cer'] },
      { name: 'All files', extensions: ['*'] },
    ],
  });
  const [file] = filePaths;
  if (canceled || file === undefined) return { pem: null };
  const pem = await readCertificate(file);
  if (pem?.includes('-----BEGIN CERTIFICATE-----') !== true) {
    throw new AppError('input-invalid', { what: file, reason: 'It holds no certificate in PEM form.' });
  }
  return { pem };
}

/** undefined: far larger than any. Throws AppError where it cannot be read. */
async function readCertificate(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    return size > largestCertificateBytes ? undefined : await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('input-invalid', { what: file, reason: `It cannot be read: ${reason}.` }, { cause: error });
  }
}
