/** The application around the window: what a page may not do, the tray, one instance a folder, deep links. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@playwright/test';
import type { WindowBridge } from '../../src-contract/window-calls.ts';
import { ago, sampleId, sampleJob } from '../fakes/window/samples.ts';
import { launchOptions, test } from './support/fake-app.ts';

declare global {
  interface Window {
    readonly hrw: WindowBridge;
  }
}

test.describe('a page in the window', () => {
  test('has no Node, no way out, and no way to load anything', async ({ start }) => {
    const { page } = await start({ scenario: 'filled' });
    const found = await page.evaluate(async () => {
      const ran = (act: () => void): boolean => {
        try {
          act();
        } catch {
          return false;
        }
        return 'inlineRan' in window;
      };
      const style = document.createElement('style');
      style.textContent = 'body { outline: 7px solid red }';
      document.head.append(style);
      const fetched = await fetch('https://127.0.0.1:1/').then(
        () => true,
        () => false,
      );
      const read = await fetch('index.html').then(
        () => true,
        () => false,
      );
      return {
        node: ['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in window),
        bridge: Object.keys(window.hrw).sort(),
        script: ran(() => {
          const script = document.createElement('script');
          script.textContent = 'window.inlineRan = true';
          document.head.append(script);
        }),
        markup: ran(() => {
          document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.inlineRan = true">');
        }),
        attribute: ran(() => {
          const button = document.createElement('button');
          button.setAttribute('onclick', 'window.inlineRan = true');
          document.body.append(button);
          button.click();
          button.remove();
        }),
        outline: getComputedStyle(document.body).outlineWidth,
        fetched,
        read,
        opened: window.open('https://example.com') !== null,
        // Later, by the page itself: what Playwright evaluates is exempt from the policy.
        evaluated: await new Promise<boolean>((resolve) => {
          setTimeout(() => {
            try {
              // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is what must be refused
              resolve(new Function('return 1')() === 1);
            } catch {
              resolve(false);
            }
          });
        }),
      };
    });
    expect(found).toEqual({
      node: [],
      bridge: ['call', 'shell', 'subscribe'],
      script: false,
      markup: false,
      attribute: false,
      outline: '0px',
      fetched: false,
      read: false,
      opened: false,
      evaluated: false,
    });
  });

  test('cannot be led anywhere else, nor reloaded into something else', async ({ start }) => {
    const { page, app } = await start({ scenario: 'filled' });
    const tried = ['https://example.com/', 'file:///etc/passwd', 'app://elsewhere/index.html', 'data:text/html,hello'];
    const address = () => app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]?.getURL());
    for (const url of tried) {
      // Not by the page's own tools: Playwright waits for the end of a navigation that has been refused.
      await app.evaluate(
        ({ webContents }, wanted) =>
          webContents.getAllWebContents()[0]?.executeJavaScript(`location.href = ${JSON.stringify(wanted)}; 0`),
        url,
      );
      expect(await address()).toBe('app://control-panel/index.html');
    }
    const answer = await page.evaluate(() => window.hrw.call('worker:state', {}));
    expect(answer.ok).toBe(true);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  test('breaks its own policy on no page', async ({ start }) => {
    const { page, open } = await start({ scenario: 'filled' });
    await page.addInitScript(() => {
      const violations: string[] = [];
      Object.assign(window, { violations });
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      );
    });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    await page.reload();
    for (const place of ['overview', 'running', 'history', `jobs/${sampleId(1)}`, 'connection', 'group', 'events', 'settings']) {
      await open(place);
    }
    await open(`jobs/${sampleId(1)}`);
    await page.getByRole('button', { name: 'Stop job' }).click();
    await page.getByRole('button', { name: 'Let it run' }).click();
    await open('history');
    await page.getByRole('combobox', { name: 'Outcome' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('is isolated and in a sandbox', async ({ start }) => {
    const { app } = await start({ scenario: 'filled' });
    const preferences = await app.evaluate(({ webContents }) => {
      const [contents] = webContents.getAllWebContents();
      return (contents as unknown as { getLastWebPreferences: () => Record<string, unknown> }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false });
  });
});

test.describe('the tray', () => {
  test('says how the worker is, lists what runs, and opens it', async ({ start, engine }) => {
    const { page, trayLabels, pressInTray } = await start({ scenario: 'filled' });
    await expect
      .poll(trayLabels)
      .toEqual([
        'Open',
        'Diagnostics',
        'This worker can take a job now',
        'The sandbox of Backup-SqlDatabases ended without a word',
        'Copy-LocalFiles',
        'Rotate-Logs',
        'Pause taking jobs',
        ...(engine === 'own'
          ? ['Quit when 2 running jobs have ended', 'Quit (2 running jobs go on)']
          : ['Quit (the worker runs on)']),
      ]);
    await pressInTray('Rotate-Logs');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rotate-Logs');
  });

  test('pauses and resumes, and the window follows', async ({ start }) => {
    const { page, trayLabels, pressInTray } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('Pause taking jobs');
    await pressInTray('Pause taking jobs');
    await expect(page.getByRole('heading', { level: 1 })).toContainText('This worker is paused');
    await expect.poll(trayLabels).toContain('Resume taking jobs');
  });

  test('says why a press was refused, and shows how the worker is', async ({ start }) => {
    const { notices, page, trayLabels, pressInTray } = await start({ scenario: 'failing', place: 'settings' });
    await expect.poll(trayLabels).toContain('Pause taking jobs');
    await pressInTray('Pause taking jobs');
    await expect.poll(notices).toEqual(['This needs the role operator']);
    await expect(page.getByRole('link', { name: 'Overview', exact: true })).toBeVisible();
  });

  test('stays when the window is closed, which then costs nothing, and opens it anew', async ({ start }) => {
    const { app, page, pressInTray, trayLabels } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('Open');
    await Promise.all([
      page.waitForEvent('close'),
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close()),
    ]);
    expect(await app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(0);
    const [again] = await Promise.all([app.waitForEvent('window'), pressInTray('Open')]);
    await expect(again.getByRole('heading', { level: 1 })).toHaveText('This worker can take a job now');
  });

  test('says once, when the window is closed first, that the worker goes on', async ({ start }) => {
    const { app, page, notices, pressInTray, trayLabels } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('Open');
    const close = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await Promise.all([page.waitForEvent('close'), close()]);
    await expect.poll(notices).toEqual(['The worker goes on in the tray']);
    const [again] = await Promise.all([app.waitForEvent('window'), pressInTray('Open')]);
    await Promise.all([again.waitForEvent('close'), close()]);
    expect(await notices()).toHaveLength(1);
  });

  test('tells of a job that went wrong, what was chosen alone, and a press opens it', async ({ start }) => {
    const { app, page, open, worker, notices, calls } = await start({ scenario: 'filled', place: 'settings' });
    await page.getByRole('checkbox', { name: 'A job ended well, or was stopped' }).check();
    await worker('changeJob', sampleId(1), { phase: 'ended', outcome: 'completed', endedAt: ago(0) });
    await worker('changeJob', sampleId(2), {
      phase: 'ended',
      outcome: 'failed',
      outcomeReason: 'no space left',
      endedAt: ago(0),
    });
    await expect.poll(notices).toEqual(['Copy-LocalFiles: Completed', 'Rotate-Logs: Failed']);
    await page.getByRole('checkbox', { name: 'A job went wrong here' }).uncheck();
    await expect(page.getByRole('checkbox', { name: 'A job went wrong here' })).not.toBeChecked();
    await worker('startJob', sampleJob(31, { phase: 'ended', outcome: 'failed', endedAt: ago(0) }));
    await app.evaluate(() => {
      const { notices: shown } = (globalThis as unknown as { testHandles: { notices: { press: () => void }[] } }).testHandles;
      shown.at(-1)?.press();
    });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rotate-Logs');
    expect(await notices()).toHaveLength(2);
    await open('settings');
    await expect(page.getByRole('checkbox', { name: 'A job went wrong here' })).not.toBeChecked();
    expect(await calls('settings:change')).toEqual([]);
  });

  test('ends when what runs has ended, or takes jobs again', async ({ start, engine }) => {
    const { worker, calls, pressInTray, trayLabels } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('Pause taking jobs');
    if (engine === 'own') {
      await pressInTray('Quit when 2 running jobs have ended');
      await expect.poll(() => calls('worker:drain')).toEqual([{}]);
    } else {
      // A worker that runs elsewhere is not ended from this desktop's tray; drained by the command line it still takes jobs again from here.
      expect(await trayLabels()).not.toContain('Quit when 2 running jobs have ended');
    }
    await worker('change', { status: 'draining', sentence: 'This worker ends when 2 jobs have ended' });
    await expect.poll(trayLabels).toContain('Take jobs again, and do not quit');
    await pressInTray('Take jobs again, and do not quit');
    await expect.poll(() => calls('worker:resume')).toEqual([{}]);
  });

  test('quits the application', async ({ start, engine }) => {
    const { app, calls, pressInTray, trayLabels } = await start({ scenario: 'empty' });
    const quit = engine === 'own' ? 'Quit' : 'Quit (the worker runs on)';
    await expect.poll(trayLabels).toContain(quit);
    await Promise.all([app.waitForEvent('close'), pressInTray(quit)]);
    // The worker itself was not asked to; one in the application has gone with it.
    if (engine === 'attached') expect(await calls('worker:quit')).toEqual([]);
  });

  test('takes a window whose process has crashed for no window that a person has closed', async ({ start }) => {
    const { app, notices, pressInTray, trayLabels } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('Open');
    const countWindows = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    await app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]?.forcefullyCrashRenderer());
    // So soon after it was opened it would only crash again: it stays away.
    await expect.poll(countWindows).toBe(0);
    const [again] = await Promise.all([app.waitForEvent('window'), pressInTray('Open')]);
    expect(await notices()).toEqual([]);
    await Promise.all([
      again.waitForEvent('close'),
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close()),
    ]);
    await expect.poll(notices).toEqual(['The worker goes on in the tray']);
  });
});

test.describe('starting it', () => {
  test('opens where a deep link leads', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: `jobs/${sampleId(2)}` });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rotate-Logs');
  });

  test('a second time leads the first window to the link, and ends', async ({ start, engine }) => {
    const { page, dataFolder } = await start({ scenario: 'filled' });
    const { executablePath, args, env } = await launchOptions({ scenario: 'filled', place: 'events' }, dataFolder, engine);
    const second = spawn(executablePath, args, { env, stdio: 'ignore' });
    const [code] = (await once(second, 'close')) as [number | null];
    expect(code).toBe(0);
    await expect(page.getByRole('link', { name: 'Event log' })).toHaveAttribute('aria-current', 'page');
  });

  test('ends when the engine in it has ended by itself, and outlives one that runs elsewhere', async ({ start, engine }) => {
    const { app, page, worker, trayLabels } = await start({ scenario: 'filled' });
    await expect.poll(trayLabels).toContain('This worker can take a job now');
    if (engine === 'own') {
      await Promise.all([app.waitForEvent('close'), worker('end').catch(() => undefined)]);
    } else {
      await worker('end');
      await expect(page.getByRole('alert', { name: 'No worker runs for this data folder' })).toBeVisible();
      await expect.poll(trayLabels).toContain('No worker runs for this data folder');
    }
  });
});
