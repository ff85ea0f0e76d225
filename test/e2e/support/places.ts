/** Where every page of the window is looked at, filled from the samples. */
import { sampleId } from '../../fakes/window/samples.ts';

export const places = [
  'overview',
  'running',
  'history',
  'start',
  `jobs/${sampleId(1)}`,
  'connection',
  'group',
  'events',
  'diagnostics',
  'settings',
];
