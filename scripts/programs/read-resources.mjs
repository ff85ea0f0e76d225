/**
 * Prints what Windows reads in one of our executables, as JSON:
 *
 *   node scripts/programs/read-resources.mjs FILE
 */
import { readFileSync } from 'node:fs';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { english, signatureBytes } from './windows-resources.mjs';

const [file = ''] = process.argv.slice(2);
const bytes = readFileSync(file);
const { entries } = NtExecutableResource.from(NtExecutable.from(bytes, { ignoreCert: true }));
const version = Resource.VersionInfo.fromEntries(entries)[0];
console.log(
  JSON.stringify({
    signatureBytes: signatureBytes(bytes),
    version: version?.getStringValues(english),
    iconGroups: Resource.IconGroupEntry.fromEntries(entries).map(({ icons }) => icons.length),
  }),
);
