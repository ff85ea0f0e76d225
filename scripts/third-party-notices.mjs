/**
 * THIRD-PARTY-NOTICES.md: the licences of the packages that reach users, from what is installed.
 *
 *   node scripts/third-party-notices.mjs [--check]
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, readTextIfAny } from './files.mjs';
import { root } from './paths.mjs';

const noticesFile = join(root, 'THIRD-PARTY-NOTICES.md');

/**
 * @typedef {{ version: string, license?: string, dev?: boolean, devOptional?: boolean, os?: string[], cpu?: string[] }} LockEntry
 * @typedef {{ name: string, version: string, licence: string, copyright: string[], body: string }} Notice
 */

/** Packages under "dependencies" and what they need. A binary for one platform shares its parent's licence and is left out. */
function shippedPackages() {
  const lock = /** @type {{ packages: Record<string, LockEntry> }} */ (readJson(join(root, 'package-lock.json')));
  return Object.entries(lock.packages).filter(
    ([path, { dev, devOptional, os, cpu }]) =>
      path !== '' && dev !== true && devOptional !== true && os === undefined && cpu === undefined,
  );
}

/**
 * @param {string} path
 * @param {LockEntry} entry
 * @returns {Notice}
 */
function noticeOf(path, entry) {
  const folder = join(root, path);
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const manifest = /** @type {{ license?: string | { type: string }, author?: string | { name: string } }} */ (
    readJson(join(folder, 'package.json'))
  );
  const licence =
    entry.license ?? (typeof manifest.license === 'string' ? manifest.license : (manifest.license?.type ?? 'not stated'));
  const { copyright, body } = splitLicence(withoutTitle(licenceText(folder), name));
  const author = typeof manifest.author === 'string' ? manifest.author : manifest.author?.name;
  const holders = copyright.length > 0 || author === undefined ? copyright : [`Author: ${author.replace(/ <.*/, '')}`];
  return { name, version: entry.version, licence, copyright: holders, body };
}

/** @param {string} folder */
function licenceText(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file));
  return files
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
    .join('\n\n');
}

/**
 * Some texts open with the name of their package.
 * @param {string} text
 * @param {string} name
 */
function withoutTitle(text, name) {
  return text.startsWith(name) ? text.slice(text.indexOf('\n') + 1) : text;
}

/**
 * Texts that differ in their copyright lines alone are printed once.
 * @param {string} text
 */
function splitLicence(text) {
  const lines = text.replaceAll('\r', '').split('\n');
  const isCopyright = (/** @type {string} */ line) => /^\s*(copyright\s|\(c\)|©)/i.test(line) && line.length < 160;
  return {
    copyright: [...new Set(lines.filter(isCopyright).map((line) => line.trim()))],
    body: lines
      .filter((line) => !isCopyright(line))
      .map((line) => line.trimEnd())
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim(),
  };
}

function notices() {
  /** @type {Map<string, { body: string, packages: Notice[] }>} */
  const groups = new Map();
  for (const [path, entry] of shippedPackages()) {
    const notice = noticeOf(path, entry);
    const key = `${notice.licence}\n${notice.body.replaceAll(/[\s*"'“”]+/g, ' ').toLowerCase()}`;
    const group = groups.get(key) ?? { body: notice.body, packages: [] };
    group.packages.push(notice);
    groups.set(key, group);
  }
  const ordered = [...groups.values()].sort((one, other) => other.packages.length - one.packages.length);
  return [
    '# Third-party notices',
    '',
    'The programs of this project contain or load the packages below. Electron and Node carry the notices of their own parts beside',
    'their executables. Written by `npm run notices` from what is installed.',
    '',
    ...ordered.flatMap(({ body, packages }) => [
      `## ${[...new Set(packages.map((one) => one.licence))].join(', ')}`,
      '',
      ...packages
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map((one) => `- ${one.name} ${one.version}${one.copyright.length === 0 ? '' : `: ${one.copyright.join('; ')}`}`),
      '',
      ...(body === '' ? ['The package carries no text of its licence beside its name.'] : ['```text', body, '```']),
      '',
    ]),
  ].join('\n');
}

const text = notices();
if (process.argv.includes('--check')) {
  if (readTextIfAny(noticesFile) !== text) {
    console.error('THIRD-PARTY-NOTICES.md is not what the installed packages say. Run: npm run notices');
    process.exitCode = 1;
  }
} else {
  writeFileSync(noticesFile, text);
}
