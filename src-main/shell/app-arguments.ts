/**
 * The application's own arguments among Electron's and Chromium's. Their places in the list say nothing: a checkout has the path of
 * the application in it, Chromium puts switches first, and a second instance hands over what it got in an order of its own. Pure.
 */
import { isPlace } from '../../src-contract/places.ts';

export interface AppArguments {
  /** Undefined: the user's own. */
  dataFolder: string | undefined;
  /** Where the window is to open: a deep link; empty for the overview. */
  place: string;
  /** Start in the tray, without a window. */
  hidden: boolean;
}

export function parseAppArguments(argv: readonly string[]): AppArguments {
  const result: AppArguments = { dataFolder: undefined, place: '', hidden: false };
  const data = '--data';
  for (const [index, argument] of argv.entries()) {
    if (argument.startsWith(`${data}=`)) result.dataFolder = argument.slice(data.length + 1);
    else if (argument === data) result.dataFolder = argv[index + 1];
    else if (argument === '--hidden') result.hidden = true;
    else if (isPlace(argument) && argv[index - 1] !== data) result.place = argument;
  }
  return result;
}
