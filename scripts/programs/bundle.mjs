/**
 * A program's bundle as a single executable runs it: whole, since Node's own `require` knows built-in modules alone there and `import()` of
 * a file nothing.
 */
import { join } from 'node:path';
import { readJson } from '../files.mjs';
import { root } from '../paths.mjs';
import { programOptions } from '../build.mjs';
import { packagesBeside } from './targets.mjs';

/**
 * The few packages that load a binary come from `node_modules` beside the executable and from nowhere else: Node's usual search would go on
 * to C:\node_modules, where anybody may put one.
 */
const banner = `
const importMetaUrl = require('node:url').pathToFileURL(__filename).href;
require = ((builtIn) => {
  const { createRequire } = builtIn('node:module');
  const { join } = builtIn('node:path');
  const beside = new Set(${JSON.stringify(packagesBeside)});
  const load = createRequire(__filename);
  return (name) => (beside.has(name) ? load(join(__dirname, 'node_modules', name)) : builtIn(name));
})(require);
`;

/**
 * @param {string} entry
 * @param {'checkout' | 'release'} flavour
 * @param {string} [asVersion] instead of the one that package.json names
 * @returns {Promise<string>} the text of the bundle
 */
export async function bundleProgram(entry, flavour, asVersion) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    ...programOptions(flavour),
    absWorkingDir: root,
    entryPoints: [entry],
    write: false,
    target: 'node22',
    sourcemap: false,
    supported: { 'dynamic-import': false },
    // Its other form says `import('module')` beside a `require` of its own, which that would become.
    alias: { 'web-tree-sitter': join(root, 'node_modules', 'web-tree-sitter', 'web-tree-sitter.cjs') },
    banner: { js: banner },
    plugins: asVersion === undefined ? [] : [ofVersion(asVersion)],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return file.text;
}

/**
 * @param {string} version
 * @returns {import('esbuild').Plugin}
 */
function ofVersion(version) {
  const file = join(root, 'package.json');
  return {
    name: 'of another version',
    setup(builder) {
      builder.onLoad({ filter: /[/\\]package[.]json$/ }, ({ path }) =>
        path === file
          ? { contents: JSON.stringify({ .../** @type {object} */ (readJson(file)), version }), loader: 'json' }
          : undefined,
      );
    },
  };
}
