/**
 * Who may import whom. Rooms meet only in the composition roots; each message says what to do instead.
 * Type imports count too (`tsPreCompilationDeps`), or they would tie rooms together unseen.
 */

const mainRooms = [
  'engine',
  'service-link',
  'launcher',
  'sandbox',
  'runtimes',
  'journal',
  'channel',
  'storage',
  'logging',
  'platform',
  'control',
  'diagnostics',
  'support-bundle',
  'shell',
  'setup',
  'rest-client',
  'command-line',
];

/**
 * What a room of src-main may import beside itself and src-contract: path patterns, with the reason.
 * @type {Record<string, string[]>}
 */
const sharedWithRooms = {
  // A journal is written in the sandbox, read by the history, and finished by the launcher when a sandbox has died.
  // Process trees and folder rights are the platform's; where things lie is said once, in storage/layout.
  // The authenticated line channel has two uses: a sandbox's control endpoint, and the control channel.
  sandbox: ['channel/', 'journal/', 'platform/', 'storage/layout'],
  launcher: ['channel/', 'journal/', 'platform/', 'storage/layout'],
  control: ['channel/'],
  // A key is written as every private file is: whole or not at all.
  // A key is sealed on Windows: secret-files.
  'service-link': ['storage/private-files', 'storage/secret-files'],
  // Both have a person before them who speaks to the service by REST, and asks for a support bundle: one and the same.
  'command-line': ['rest-client/', 'support-bundle/'],
  shell: ['rest-client/', 'support-bundle/'],
  // A folder is tried with the rights that runbooks have.
  diagnostics: ['platform/'],
  // The history's thread reads what journals and the event log have written.
  storage: ['journal/', 'platform/', 'logging/event-index'],
};

/**
 * @param {string} room
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
function roomRule(room) {
  const allowed = [room + '/', ...(sharedWithRooms[room] ?? [])];
  return {
    name: `room-${room}`,
    severity: 'error',
    comment: `src-main/${room} does its work without the other rooms: take what it needs as an argument, and let a composition root (app.ts, hrw.ts, headless-worker.ts, sandbox.ts, worker-host.ts) hand it in; what two processes share belongs in src-contract.`,
    from: { path: `^src-main/${room}/` },
    to: { path: '^src-main/', pathNot: `^src-main/(${allowed.join('|')})` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or share a third: move the common part out.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contract-imports-nothing-of-ours',
      severity: 'error',
      comment: 'src-contract is what both sides stand on: move what it needs into src-contract, or leave it to the room.',
      from: { path: '^src-contract/' },
      to: { path: '^(src-main|src-renderer|src-service|test|bench|scripts)/' },
    },
    {
      name: 'plain-contract-stays-plain',
      severity: 'error',
      comment: 'The window loads src-contract too, so only src-contract/node may use Node: put the file there.',
      from: { path: '^src-contract/', pathNot: '^src-contract/node/' },
      to: { path: '^src-contract/node/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'plain-contract-without-node-modules',
      severity: 'error',
      comment: 'The window loads src-contract too: a file that needs a module of Node goes into src-contract/node.',
      from: { path: '^src-contract/', pathNot: '^src-contract/node/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'renderer-knows-only-the-contract',
      severity: 'error',
      comment: 'The window reaches the worker through the calls of src-contract/window-calls.ts: add a call there.',
      from: { path: '^src-renderer/' },
      to: { path: '^(src-main|src-service|src-contract/node|test|bench|scripts)/' },
    },
    {
      name: 'renderer-without-node',
      severity: 'error',
      comment: 'The window has no Node: ask the main process through a call of src-contract.',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'worker-never-imports-service',
      severity: 'error',
      comment: 'Worker and service are two programs that meet on the wire: put what both need into src-contract.',
      from: { path: '^src-main/' },
      to: { path: '^(src-service|src-renderer|test|bench|scripts)/' },
    },
    {
      name: 'service-never-imports-worker',
      severity: 'error',
      comment: 'Worker and service are two programs that meet on the wire: put what both need into src-contract.',
      from: { path: '^src-service/' },
      to: { path: '^(src-main|src-renderer|test|bench|scripts)/' },
    },
    {
      name: 'engine-is-pure',
      severity: 'error',
      comment: 'The engine decides and does nothing: hand it time, ids and results as arguments, return what is to be done.',
      from: { path: '^src-main/engine/' },
      to: { pathNot: '^(src-main/engine/|src-contract/|node_modules/zod/)' },
    },
    ...mainRooms.filter((room) => room !== 'engine').map(roomRule),
    {
      name: 'no-import-of-a-composition-root',
      severity: 'error',
      comment: 'A composition root puts rooms together; what another file wants from it belongs in a room.',
      from: { path: '^src-main/', pathNot: '^src-main/(app|hrw|headless-worker|sandbox)[.]ts$' },
      to: { path: '^src-main/[^/]+[.]ts$' },
    },
    {
      name: 'electron-only-in-the-shell',
      severity: 'error',
      comment:
        'The worker also runs headless, without Electron: only app.ts, preload.ts and shell/ may know it. Hand the thing in.',
      from: { path: '^(src|test|bench|scripts)', pathNot: '^src-main/(app[.]ts|preload[.]ts|shell/)' },
      to: { path: '^(node_modules/)?electron(/|$)' },
    },
    {
      name: 'tests-stay-out-of-programs',
      severity: 'error',
      comment: 'A program must not depend on its tests. Benchmarks may start programs by test/harness, as tests do.',
      from: { path: '^(src-|bench/|scripts/)' },
      to: { path: '^test/', pathNot: '^test/harness/' },
    },
    {
      name: 'harness-stays-out-of-programs',
      severity: 'error',
      comment: 'A program must not depend on the tests’ harness.',
      from: { path: '^(src-|scripts/)' },
      to: { path: '^test/harness/' },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      comment: 'Add the package to package.json with an exact version: what comes along with another package may leave with it.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'programs-use-shipped-packages',
      severity: 'error',
      comment: 'What a program loads goes under "dependencies", so that its licence reaches the third-party notices.',
      from: { path: '^src-' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'], pathNot: '^node_modules/(electron|@types)/' },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      comment: 'There is no such file: imports name the file with its extension (./lease.ts).',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: ['node_modules', '^out/'] },
    // The loader runs in the registry-carried Electron, from a folder of its own.
    exclude: { path: ['^out/', '^[.]cache/', '^scripts/prepare/electron-loader/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.css', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
