/**
 * A pack: a zip archive that holds `pack.json` (the manifest), `pack.sig` (Ed25519 signature over the manifest's exact bytes, 64 bytes)
 * and the files that the manifest lists, nothing else. All of a pack's files lie in one folder of their own inside AzureAutomationFiles.
 */
import * as z from 'zod';
import { maxPackFiles } from './limits.ts';

export const packManifest = z.object({
  format: z.literal(1),
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  description: z.string(),
  /** Folder inside AzureAutomationFiles that the files are placed in; owned by this pack alone. */
  folder: z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/),
  files: z
    .array(
      z.object({
        /** Relative to `folder`, forward slashes, no `..`, no empty or dot segments, no drive, no trailing dot or space. */
        path: z.string(),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(maxPackFiles),
});
export type PackManifest = z.infer<typeof packManifest>;

/** Entries of the archive beside the files, each of which stands under its `path`. */
export const packManifestEntry = 'pack.json';
export const packSignatureEntry = 'pack.sig';

/** The pack that makes an agent able to become a worker. */
export const workerPackName = 'AzureAutomation';

/** Windows device names and characters that cannot be in a file name there; a pack must unpack everywhere. */
const unsafeSegment = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|[<>:"|?*\\\u0000-\u001f]|[. ]$/i;

/** Says why a path inside a pack is unsafe, or undefined when it is safe. */
export function findUnsafePath(path: string): string | undefined {
  if (path.length === 0 || path.length > 240) return 'is empty or too long';
  if (path.startsWith('/')) return 'is absolute';
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') return 'has an empty, "." or ".." part';
    if (unsafeSegment.test(segment)) return `has a part that is no safe file name: ${JSON.stringify(segment)}`;
  }
  return undefined;
}
