/** `npm run pictures`: draws every page of the window on a display of its own, and renews the pictures that the README shows. `-- -g NAME`: some of them. */
import { join } from 'node:path';
import { runOnDisplay } from './on-display.mjs';
import { toolScript } from './paths.mjs';

const config = join('test', 'pictures', 'playwright.config.ts');
await runOnDisplay(
  [toolScript('@playwright/test/cli.js'), 'test', '--config', config, ...process.argv.slice(2)],
  ({ executable, folder }) => ({
    HRW_TEST_ELECTRON: executable,
    ELECTRON_OVERRIDE_DIST_PATH: folder,
  }),
);
