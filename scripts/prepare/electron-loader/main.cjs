/**
 * Stands in for Electron's default app, which the registry-carried Electron lacks: loads the folder or file that the command
 * line names first, as `electron PATH` does, and gives it the name and version that its package.json states.
 */
'use strict';
const { existsSync, readFileSync, statSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');
const { app } = require('electron');

const given = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
if (given === undefined && process.argv.includes('--version')) {
  process.stdout.write(`v${process.versions.electron}\n`);
  app.exit(0);
} else if (given === undefined) {
  process.stderr.write('Name the application to load: electron PATH\n');
  app.exit(1);
} else {
  load(resolve(given));
}

/** @param {string} path */
function load(path) {
  const folder = statSync(path).isDirectory() ? path : nearestPackage(path);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  app.setName(manifest.productName ?? manifest.name);
  app.setVersion(manifest.version);
  app.setAppPath(folder);
  app.setPath('userData', join(app.getPath('appData'), app.getName()));
  require(path === folder ? join(folder, manifest.main) : path);
}

/** @param {string} file */
function nearestPackage(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
