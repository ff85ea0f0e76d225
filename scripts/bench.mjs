/** `npm run bench`: prepares and builds, then measures with the repository's Node, on a display of its own where one is needed. */
import { join } from 'node:path';
import { runOnDisplay } from './on-display.mjs';
import { root } from './paths.mjs';

const given = process.argv.slice(2).filter((word) => word !== '--yes');
await runOnDisplay([join(root, 'bench', 'main.ts'), ...given], ({ executable, switches }) => ({
  HRW_BENCH_ELECTRON: executable,
  HRW_BENCH_ELECTRON_SWITCHES: switches.join(' '),
}));
