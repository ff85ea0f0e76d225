/**
 * Where the window is. A place is the text of a deep link (`jobs/<id>`), kept in the address's fragment, so that back and forward
 * work and links are links.
 */
import type { WindowBridge } from '../../../src-contract/window-calls.ts';
import type { Observable } from '../../shared/observable.ts';

const pages = ['overview', 'running', 'history', 'start', 'connection', 'group', 'events', 'diagnostics', 'settings'] as const;
export type PageName = (typeof pages)[number];
/** `started`: a job that was started from here, by its name at the service; it may run on another machine. */
export type Place = { page: PageName } | { page: 'job' | 'started'; id: string };

/** What names no page leads to the overview: a link may come from anywhere. */
export function parsePlace(text: string): Place {
  const [, kind, id] = /^(jobs|started)\/([\w.-]+)$/.exec(text) ?? [];
  if (id !== undefined) return { page: kind === 'jobs' ? 'job' : 'started', id };
  const page = pages.find((name) => name === text);
  return { page: page ?? 'overview' };
}

export function formatPlace(place: Place): string {
  if (place.page === 'job') return `jobs/${place.id}`;
  return place.page === 'started' ? `started/${place.id}` : place.page;
}

export function placeLink(place: Place): string {
  return `#/${formatPlace(place)}`;
}

export interface PlaceStore extends Observable<Place> {
  open(place: Place): void;
  /** Takes the present place's place in the list that "back" goes through. */
  replace(place: Place): void;
  /** Nothing else is opened until the hold is let go: whoever holds hears what was wanted. Returns how to let go. */
  hold(onWanted: (place: Place) => void): () => void;
}

/** undefined: the entry is new, or was made by a link. */
function markOf({ history }: Window): number | undefined {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'at' in state && typeof state.at === 'number' ? state.at : undefined;
}

export function createPlaceStore(view: Window): PlaceStore {
  const read = (): string => view.location.hash.replace(/^#\/?/, '');
  let text = read();
  let place = parsePlace(text);
  let held: ((place: Place) => void) | undefined;
  const listeners = new Set<() => void>();
  /** Where the present entry stands in the list that "back" goes through; each that was opened is marked with it. */
  let at = markOf(view) ?? 0;
  view.history.replaceState({ at }, '');
  const notice = (): void => {
    if (read() === text) return;
    const marked = markOf(view);
    if (held !== undefined) {
      const wanted = parsePlace(read());
      // The address has changed already, by a link or by going back: the list is left as it was.
      view.history.go(marked === undefined ? -1 : at - marked);
      held(wanted);
      return;
    }
    at = marked ?? at + 1;
    if (marked === undefined) view.history.replaceState({ at }, '');
    text = read();
    place = parsePlace(text);
    for (const listener of [...listeners]) listener();
  };
  view.addEventListener('hashchange', notice);
  return {
    get: () => place,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open(next) {
      view.location.hash = placeLink(next);
    },
    hold(onWanted) {
      held = onWanted;
      return () => {
        if (held === onWanted) held = undefined;
      };
    },
    replace(next) {
      if (held !== undefined) {
        held(next);
        return;
      }
      view.history.replaceState({ at }, '', placeLink(next));
      notice();
    },
  };
}

/** Goes where the shell was asked to open, and where deep links lead while the window is open. */
export async function openFirstPlace(bridge: WindowBridge, place: PlaceStore): Promise<void> {
  bridge.subscribe((event) => {
    if (event.event === 'place-requested') place.open(parsePlace(event.payload.place));
  });
  const answer = await bridge.shell('shell:start-place', {});
  if (answer.ok && answer.value.place !== '') place.replace(parsePlace(answer.value.place));
}
