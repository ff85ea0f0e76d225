/**
 * Every word of the window, by page. Problems have a catalogue of their own (src-contract/problems.ts), and the sentence that says how the
 * worker is comes from the engine, so that command line and tray say the same.
 */
import { common } from './texts/common.ts';
import { connection } from './texts/connection.ts';
import { console } from './texts/console.ts';
import { diagnostics } from './texts/diagnostics.ts';
import { events } from './texts/events.ts';
import { group } from './texts/group.ts';
import { history } from './texts/history.ts';
import { job } from './texts/job.ts';
import { list } from './texts/list.ts';
import { overview } from './texts/overview.ts';
import { policy } from './texts/policy.ts';
import { records } from './texts/records.ts';
import { running } from './texts/running.ts';
import { settings } from './texts/settings.ts';
import { start } from './texts/start.ts';
import { usage } from './texts/usage.ts';

export const texts = {
  ...common,
  list,
  overview,
  running,
  history,
  start,
  job,
  records,
  console,
  usage,
  connection,
  group,
  events,
  diagnostics,
  settings,
  policy,
} as const;
