/** What is inside an asset's sealed content. Opened for the agent API (which gives it to jobs) and for nothing else. */
import * as z from 'zod';
import type { AssetKind } from '../store/assets.ts';
import { nameKey } from '../store/names.ts';
import type { Vault } from './vault.ts';

export const assetContents = {
  /** JSON text; null when it was never set. */
  variable: z.object({ value: z.string().nullable() }),
  credential: z.object({ userName: z.string(), password: z.string() }),
  connection: z.object({
    connectionType: z.string(),
    fields: z.record(z.string(), z.string()),
    encryptedFieldNames: z.array(z.string()),
  }),
  certificate: z.object({
    thumbprint: z.string(),
    isExportable: z.boolean(),
    /** Base64 of the bytes that were uploaded (PFX or DER). */
    value: z.string(),
    expiryTime: z.string().nullable(),
  }),
} as const;
export type AssetContent<Kind extends AssetKind> = z.infer<(typeof assetContents)[Kind]>;

interface AssetKey<Kind extends AssetKind> {
  accountId: string;
  kind: Kind;
  name: string;
}

export function sealAsset<Kind extends AssetKind>(vault: Vault, key: AssetKey<Kind>, content: AssetContent<Kind>): string {
  return vault.seal(JSON.stringify(content), purposeOf(key));
}

export function openAsset<Kind extends AssetKind>(vault: Vault, key: AssetKey<Kind>, sealed: string): AssetContent<Kind> {
  return assetContents[key.kind].parse(JSON.parse(vault.open(sealed, purposeOf(key)))) as AssetContent<Kind>;
}

function purposeOf(key: AssetKey<AssetKind>): string {
  return `asset ${key.accountId} ${key.kind} ${nameKey(key.name)}`;
}
