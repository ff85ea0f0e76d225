/**
 * Every rule is an error or it is absent. A rule that is switched off on a line carries its reason there.
 * Who may import whom stands in .dependency-cruiser.mjs, not here.
 */
import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a thing then has one name in every file that uses it.',
};

/** Names that TypeScript knows from Node 22, and that Node 18.15 (in Electron 25, which loads this code in tests) does not have. */
const newerThanElectron25 = [
  ['AbortSignal', 'any'],
  ['URL', 'canParse'],
  ['process', 'loadEnvFile'],
  ['process', 'getBuiltinModule'],
  ['process', 'availableMemory'],
];

const newerImports = [
  { name: 'node:sqlite', message: 'Electron 25 has no node:sqlite: use @photostructure/sqlite.' },
  { name: 'node:sea', message: 'Electron 25 has no node:sea.' },
  {
    name: 'node:zlib',
    importNames: ['crc32', 'zstdCompress', 'zstdDecompress'],
    message: 'Electron 25 (Node 18.15) does not have it.',
  },
  { name: 'node:crypto', importNames: ['hash'], message: 'Electron 25 (Node 18.15) does not have it: use createHash.' },
  {
    name: 'node:fs',
    importNames: ['openAsBlob', 'globSync', 'glob'],
    message: 'Electron 25 (Node 18.15) does not have it.',
  },
  { name: 'node:fs/promises', importNames: ['glob'], message: 'Electron 25 (Node 18.15) does not have it.' },
  {
    name: 'node:util',
    importNames: ['styleText', 'parseEnv', 'getCallSites'],
    message: 'Electron 25 (Node 18.15) does not have it.',
  },
  { name: 'node:events', importNames: ['addAbortListener'], message: 'Electron 25 (Node 18.15) does not have it.' },
];

/** @type {import('eslint').Linter.RulesRecord} */
const strictRules = {
  eqeqeq: 'error',
  'no-console': 'error',
  'no-restricted-syntax': ['error', noDefaultExport],
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
  ],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@eslint-community/eslint-comments/require-description': ['error', { ignore: [] }],
};

export default defineConfig(
  globalIgnores(['out/', 'dist/', '.cache/', 'test-results/', 'test/fixtures/**/*.js', 'assets/']),
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs'],
    extends: [tseslint.configs.strictTypeChecked, comments.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: strictRules,
  },
  {
    files: ['src-main/**/*.ts', 'src-contract/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: newerImports }],
      'no-restricted-syntax': [
        'error',
        noDefaultExport,
        {
          selector: "MemberExpression[object.type='MetaProperty'][property.name=/^(dirname|filename)$/]",
          message: 'Electron 25 (Node 18.15) does not have it, and a bundle has no folders: ask platform for the path.',
        },
        {
          selector: "CallExpression[callee.property.name=/^readdir(Sync)?$/] Property[key.name='recursive']",
          message: 'Node 18.15 (Electron 25) ignores `recursive` without a word: walk the folders yourself.',
        },
      ],
      'no-restricted-properties': [
        'error',
        ...newerThanElectron25.map(([object, property]) => ({
          object,
          property,
          message: 'Node 18.15 (Electron 25) does not have it.',
        })),
      ],
    },
  },
  { files: ['src-renderer/**/*.{ts,tsx}'], extends: [reactHooks.configs.flat['recommended-latest']] },
  {
    // These write to a terminal; that is their work.
    files: ['scripts/**/*.mjs', 'bench/**/*.ts', 'test/harness/**/*.ts', 'test/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // The tools that read these files take the default export.
    files: ['*.mjs', '.*.mjs', 'test/**/*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
