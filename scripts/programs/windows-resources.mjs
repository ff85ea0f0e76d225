/**
 * The resources of a Windows executable: what Explorer, Task Manager and an installer read (version, names, icon), and the blob that Node
 * runs. Node's Authenticode signature goes, since it no longer holds; without it the file is in the state in which a signing tool takes it.
 *
 * postject would put the blob there as well, but it writes the whole file anew by another library, with some 1.5 GB of memory.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.mjs';

export const english = { lang: 0x0409, codepage: 1200 };

/** RT_RCDATA, RT_ICON, RT_GROUP_ICON, RT_VERSION */
const rawData = 10;
const icon = 3;
const iconGroup = 14;
const versionInfo = 16;

/**
 * @param {string} file in place
 * @param {{ executable: string, description: string, version: string, productName: string, company: string }} facts
 * @param {{ name: string, content: Buffer }} data
 */
export async function setResources(file, { executable, description, version, productName, company }, data) {
  const { Data, NtExecutable, NtExecutableResource, Resource } = await import('resedit');
  const program = NtExecutable.from(readFileSync(file), { ignoreCert: true });
  const resources = NtExecutableResource.from(program);

  const icons = Data.IconFile.from(readFileSync(join(root, 'assets', 'icons', 'product.ico')));
  // Explorer shows the first group: Node's own has to go.
  for (const { id, lang } of Resource.IconGroupEntry.fromEntries(resources.entries))
    resources.removeResourceEntry(iconGroup, id, lang);
  resources.entries = resources.entries.filter(({ type }) => type !== icon);
  Resource.IconGroupEntry.replaceIconsForResource(
    resources.entries,
    1,
    english.lang,
    icons.icons.map(({ data }) => data),
  );

  for (const one of Resource.VersionInfo.fromEntries(resources.entries))
    resources.removeResourceEntry(versionInfo, 1, Number(one.lang));
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const info = Resource.VersionInfo.createEmpty();
  info.lang = english.lang;
  info.setFileVersion(major, minor, patch, 0, english.lang);
  info.setProductVersion(major, minor, patch, 0, english.lang);
  info.setStringValues(english, {
    CompanyName: company,
    FileDescription: description,
    FileVersion: version,
    InternalName: executable,
    LegalCopyright: `Copyright (c) 2026 ${company}. MIT licence; carries Node.js and what THIRD-PARTY-NOTICES.md names.`,
    OriginalFilename: `${executable}.exe`,
    ProductName: productName,
    ProductVersion: version,
  });
  info.outputToResourceEntries(resources.entries);
  const bin = new Uint8Array(data.content).buffer;
  resources.replaceResourceEntry({ type: rawData, id: data.name, lang: 0, codepage: 0, bin });
  resources.outputResource(program);
  writeFileSync(file, Buffer.from(program.generate()));
}

/**
 * Where an Authenticode signature would be: nothing, for an executable that is to be signed.
 * @param {Buffer} bytes
 */
export function signatureBytes(bytes) {
  const header = bytes.readUInt32LE(0x3c) + 24;
  const directories = header + (bytes.readUInt16LE(header) === 0x20b ? 112 : 96);
  return bytes.readUInt32LE(directories + 4 * 8 + 4);
}
