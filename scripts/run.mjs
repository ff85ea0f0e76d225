/**
 * Starts one of the programs from a checkout, prepared and built first where that is needed:
 *
 *   node scripts/run.mjs app | service | hrw | build  [the program's own arguments]
 */
import { join } from 'node:path';
import { become } from './become.mjs';
import { outFolder, root } from './paths.mjs';
import { exitWhenStopped, hasDisplay, prepare } from './prepare/index.mjs';

const [program = '', ...given] = process.argv.slice(2);

switch (program) {
  case 'app':
    await startApp();
    break;
  case 'service':
  case 'hrw': {
    const { node } = await prepareAndBuild('headless');
    await become(node, [join(outFolder, `${program}.cjs`), ...given]);
    break;
  }
  case 'build': {
    const { node } = await prepare('headless').catch(exitWhenStopped);
    await become(node, [join(root, 'scripts', 'build.mjs'), ...given]);
    break;
  }
  default:
    console.error('Start what? One of: app, service, hrw, build');
    process.exitCode = 2;
}

async function startApp() {
  if (!hasDisplay()) {
    console.error(
      [
        'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot be shown.',
        'The worker runs without one, and does the same work:',
        '',
        '  npm run hrw -- run',
        '',
      ].join('\n'),
    );
    process.exitCode = 1;
    return;
  }
  const { electron } = await prepareAndBuild('app');
  if (electron === undefined) throw new Error('prepared for the app, yet without Electron');
  if (electron.kind === 'registry') {
    console.error(`This is Electron ${electron.version} from the npm registry, out of support: for trials in a checkout only.`);
  }
  await become(electron.executable, [...electron.switches, root, ...given.filter((argument) => argument !== '--yes')]);
}

/** @param {import('./prepare/index.mjs').Purpose} purpose */
async function prepareAndBuild(purpose) {
  const prepared = await prepare(purpose, { yes: purpose === 'app' && given.includes('--yes') }).catch(exitWhenStopped);
  // Only now: this needs packages that preparing has just installed.
  const { buildOrExit } = await import('./build.mjs');
  await buildOrExit();
  return prepared;
}
