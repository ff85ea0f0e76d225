/** What every page may use, handed down once. */
import { createContext, use } from 'react';
import type { WindowBridge } from '../../../src-contract/window-calls.ts';
import { useObservable } from '../../shared/observable.ts';
import type { Place, PlaceStore } from './place.ts';
import type { WorkerStore } from './worker-store.ts';
import type { WorkerView } from './worker-view.ts';

export interface WindowServices {
  bridge: WindowBridge;
  worker: WorkerStore;
  place: PlaceStore;
}

declare global {
  interface Window {
    /** Put there by the preload (src-main/preload.ts). */
    readonly hrw: WindowBridge;
  }
}

export const WindowContext = createContext<WindowServices | undefined>(undefined);

export function useServices(): WindowServices {
  const services = use(WindowContext);
  if (services === undefined) throw new Error('rendered outside of WindowContext');
  return services;
}

export function useWorkerView(): WorkerView {
  return useObservable(useServices().worker.view);
}

export function usePlace(): Place {
  return useObservable(useServices().place);
}
