/** Places of the window as deep links name them: `jobs/<sandbox id>`, `events`. */

const placePattern =
  /^(overview|running|history|start|connection|group|events|diagnostics|settings|(jobs|started)\/[\w.-]{1,80})$/;

/** Those that are pages by themselves, in the order of the window's navigation. */
export const placeWords = 'overview, running, history, start, connection, group, events, diagnostics, settings, jobs/<id>';

export function isPlace(text: string): boolean {
  return placePattern.test(text);
}
