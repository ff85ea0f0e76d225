/** Tells the person at this desktop what they chose to be told; a press opens the right place. */
import path from 'node:path';
import { Notification } from 'electron';
import type { Problem } from '../../src-contract/problems.ts';
import type { WindowEvent } from '../../src-contract/window-calls.ts';
import type { AskedWorker } from '../../src-contract/refused.ts';
import { describeQuestion, Notices, type Notice } from './notices.ts';
import type { PreferencesFile } from './preferences.ts';

/** As it is handed to the operating system, and what a press on it does. */
export interface ShownNotice {
  title: string;
  body: string;
  press: () => void;
}

export interface NotificationsOptions {
  worker: AskedWorker;
  preferences: PreferencesFile;
  iconsFolder: string;
  open: (place: string) => void;
  /** Only a test's own composition sets it: nothing can press a notification. */
  onShown?: ((notice: ShownNotice) => void) | undefined;
}

export interface Notifications {
  take: (event: WindowEvent) => void;
  /** Of something that a person pressed outside of the window, and that was not done. */
  tellRefusal: (problem: Problem) => void;
  /** The first time only. */
  tellOfTray: () => void;
  close: () => void;
}

export function createNotifications({ worker, preferences, iconsFolder, open, onShown }: NotificationsOptions): Notifications {
  const notices = new Notices();
  // One that nothing refers to is collected, and then nobody hears the press.
  const shown = new Set<Notification>();
  const show = ({ title, text, place }: Pick<Notice, 'title' | 'text' | 'place'>): void => {
    const press = (): void => open(place);
    onShown?.({ title, body: text, press });
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body: text, icon: path.join(iconsFolder, 'product-128.png') });
    shown.add(notification);
    notification.once('click', press);
    notification.once('close', () => shown.delete(notification));
    notification.show();
  };
  const showQuestion = async ({ sandboxId = '', ...notice }: Notice): Promise<void> => {
    const answer = await worker.call('policy:question', { sandboxId });
    // Whoever may not see what would run is told all the same that it waits; the page says who may.
    if (answer.ok) show({ ...notice, text: describeQuestion(answer.value) });
    else if (answer.problem.code !== 'nothing-asked') show({ ...notice, text: answer.problem.title });
  };
  /** Of a worker that asked before anybody was here to hear it. */
  const takeOpenQuestions = async (): Promise<void> => {
    const running = await worker.call('jobs:running', {});
    for (const job of running.ok ? running.value : []) {
      const notice = job.asking === null ? undefined : notices.of({ event: 'job-changed', payload: job });
      if (notice !== undefined) await showQuestion(notice);
    }
  };
  return {
    take: (event) => {
      if (event.event === 'engine-contact-changed' && event.payload.problem === null) void takeOpenQuestions();
      const notice = notices.of(event);
      if (notice === undefined) return;
      if (notice.kind === 'permission-asked') void showQuestion(notice);
      else if (preferences.notifyAbout.includes(notice.kind)) show(notice);
    },
    tellRefusal: ({ title, text, nextStep }) => show({ title, text: `${text} ${nextStep}`, place: '' }),
    tellOfTray: () => {
      if (preferences.toldOfTray) return;
      preferences.change({ toldOfTray: true });
      show({
        title: 'The worker goes on in the tray',
        text: 'Closing the window ends nothing: jobs run as before. Open it again, or quit, from the icon in the tray.',
        place: '',
      });
    },
    close: () => {
      for (const one of shown) one.close();
      shown.clear();
    },
  };
}
