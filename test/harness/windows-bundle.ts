/** Our programs as Node for Windows runs them under wine: bundled, with what is native left beside. */
import path from 'node:path';
import { build } from 'esbuild';
import { publisherPublicKey } from '../../scripts/publisher-public-key.mjs';

const root = path.join(import.meta.dirname, '..', '..');

export interface WindowsBundle {
  /** Name of the bundle → source file below the checkout. */
  entryPoints: Record<string, string>;
  folder: string;
  /** Read ahead of the program. */
  inject?: string[];
}

export async function bundleForWindows({ entryPoints, folder, inject = [] }: WindowsBundle): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['node-pty', 'koffi'],
    define: {
      HRW_PUBLISHER_PUBLIC_KEY: JSON.stringify(publisherPublicKey('checkout')),
      HRW_BUILD_FLAVOUR: JSON.stringify('checkout'),
      'import.meta.url': 'importMetaUrl',
    },
    banner: { js: `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
    inject,
  });
}
