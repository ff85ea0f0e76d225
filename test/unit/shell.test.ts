/** What the application decides, without Electron. */
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { engineCalls, type EngineCallName, type JobView, type WorkerState } from '../../src-contract/engine-calls.ts';
import { shellCalls, type ShellCallName, type WindowEvent } from '../../src-contract/window-calls.ts';
import { parseAppArguments } from '../../src-main/shell/app-arguments.ts';
import { displayIsMissing, noDisplayMessage } from '../../src-main/shell/display.ts';
import { ServiceDesk } from '../../src-main/shell/service-desk.ts';
import { createSteadyWorker } from '../../src-main/shell/steady-worker.ts';
import { TokenSafe } from '../../src-main/shell/token-safe.ts';
import { followWorker } from '../../src-main/shell/tray-facts.ts';
import type { TrayFacts } from '../../src-main/shell/tray-view.ts';
import { createWindowAnswers, type ShellAnswers } from '../../src-main/shell/window-answers.ts';
import { contentSecurityPolicy, fileOfUrl, windowUrl } from '../../src-main/shell/window-files.ts';
import type { SteadyWorker, WorkerSource } from '../../src-main/shell/worker-connection.ts';
import { createWorkerSource } from '../../src-main/shell/worker-source.ts';
import { provokes } from '../harness/provokes.ts';
import { FakeWorker } from '../fakes/window/fake-worker.ts';
import { readyState, sampleJob } from '../fakes/window/samples.ts';
import { scenarios } from '../fakes/window/scenarios.ts';

describe('the application’s arguments', () => {
  it('are found among Electron’s and Chromium’s, in any order', () => {
    const argv = ['/opt/electron', '--inspect=0', '--no-sandbox', '/srv/checkout', '--data', '/tmp/d', 'jobs/5f0c-1', '--hidden'];
    expect(parseAppArguments(argv)).toEqual({ dataFolder: '/tmp/d', place: 'jobs/5f0c-1', hidden: true });
    expect(parseAppArguments(['app', '--data=/x y', 'events'])).toEqual({ dataFolder: '/x y', place: 'events', hidden: false });
  });

  it('take no folder for a place and no path for a deep link', () => {
    expect(parseAppArguments(['app', '--data', 'history'])).toMatchObject({ dataFolder: 'history', place: '' });
    expect(parseAppArguments(['app', 'jobs/../../x', 'out/app.cjs']).place).toBe('');
  });
});

describe('a machine without a display', () => {
  it('is known on Linux by what the environment lacks', () => {
    expect(displayIsMissing({}, 'linux')).toBe(true);
    expect(displayIsMissing({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe(false);
    expect(displayIsMissing({}, 'win32')).toBe(false);
  });

  it('is told the command that does the same work', () => {
    expect(noDisplayMessage('/srv/d')).toContain('hrw run --data /srv/d');
  });
});

describe('the window’s files', () => {
  const folder = '/opt/app/out/renderer';
  it('are those below its folder, of kinds that a window has', () => {
    expect(fileOfUrl(windowUrl, folder)).toBe(`${folder}/index.html`);
    expect(fileOfUrl('app://control-panel/assets/a.js?x#y', folder)).toBe(`${folder}/assets/a.js`);
  });

  it('are never outside, of another host, or of another kind', () => {
    const strangers = [
      'app://control-panel/../app.js',
      'app://control-panel/%2e%2e/app.js',
      'app://control-panel/..%2f..%2fapp.js',
      'app://control-panel/',
      'app://control-panel/x%00.js',
      'app://control-panel/%E0%A4%A.js',
      'app://elsewhere/index.html',
      'app://control-panel/app.cjs',
    ];
    for (const url of strangers) expect(fileOfUrl(url, folder) ?? '').toMatch(/^$|^\/opt\/app\/out\/renderer\/app\.js$/);
    expect(fileOfUrl('app://control-panel/..%2f..%2fapp.js', folder)).toBeUndefined();
  });

  it('are loaded under a policy that admits no inline script and no connection', () => {
    const policy = contentSecurityPolicy('abc');
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self' 'nonce-abc';");
    expect(policy).toContain("connect-src 'none';");
    expect(policy).not.toContain('unsafe');
  });
});

describe('answering the window', () => {
  const ours = { url: windowUrl, isTopFrame: true, isOurWindow: true };
  const desk = new ServiceDesk({
    worker: new FakeWorker(scenarios.filled()),
    safe: new TokenSafe({ folder: '/nowhere', cipher: () => undefined, now: () => new Date() }),
    openService: () => Promise.reject(new Error('nobody is asked')),
  });
  const shell: ShellAnswers = {
    ...desk.answers,
    'shell:start-place': () => ({ place: 'events' }),
    'shell:copy-text': () => ({}),
    'shell:export-list': () => ({ file: null, rows: 0 }),
    'shell:export-table': () => ({ file: null, rows: 0 }),
    'shell:notifications': () => ({ about: [] }),
    'shell:notify-about': ({ about }) => ({ about }),
    'shell:save-job': () => ({ file: null, records: 0 }),
    'shell:desktop': () => ({ startAtLogon: false, appearance: 'system' }),
    'shell:change-desktop': () => ({ startAtLogon: true, appearance: 'dark' }),
    'shell:licences': () => ({ text: '' }),
    'shell:prepare-bundle': () => ({ bundleId: 'b', files: [] }),
    'shell:save-bundle': () => ({ file: null, bytes: 0 }),
    'shell:choose-certificate': () => {
      throw new AppError('input-invalid', { what: 'file.txt', reason: 'It holds no certificate.' });
    },
    'shell:start-worker': () => ({}),
    'shell:about': () => {
      throw new Error('a bug');
    },
  };
  const make = () => {
    const worker = new FakeWorker(scenarios.filled());
    const onFault = vi.fn(() => 'id-1');
    return { worker, onFault, answers: createWindowAnswers({ worker, shell, windowUrl, onFault }) };
  };
  const names = Object.keys(engineCalls) as EngineCallName[];

  it('passes a call of our own window on, also from a place in its page', async () => {
    const { answers } = make();
    expect(await answers.engineCall({ ...ours, url: `${windowUrl}#/events` }, 'worker:state', {})).toMatchObject({ ok: true });
    expect(await answers.shellCall(ours, 'shell:start-place', {})).toEqual({ ok: true, value: { place: 'events' } });
  });

  it('refuses every call of a stranger before looking at it', async () => {
    const { worker, answers } = make();
    const strangers = [
      { ...ours, url: 'https://example.com/' },
      { ...ours, url: `${windowUrl}.example` },
      { ...ours, url: '' },
      { ...ours, isTopFrame: false },
      { ...ours, isOurWindow: false },
    ];
    for (const stranger of strangers) {
      for (const name of names) expect(await answers.engineCall(stranger, name, {})).toMatchObject({ ok: false });
      for (const name of Object.keys(shellCalls))
        expect(await answers.shellCall(stranger, name, {})).toMatchObject({ ok: false });
    }
    expect(worker.calls).toEqual([]);
  });

  it.each(names)('refuses %s with arguments that do not fit', async (name) => {
    const { worker, answers } = make();
    for (const given of [undefined, null, 'text', { unknownKey: 1 }]) {
      expect(await answers.engineCall(ours, name, given)).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
    }
    expect(worker.calls).toEqual([]);
  });

  it.each(Object.keys(shellCalls) as ShellCallName[])('refuses %s with arguments that do not fit', async (name) => {
    const { answers } = make();
    expect(await answers.shellCall(ours, name, { unknownKey: 1 })).toMatchObject({
      ok: false,
      problem: { code: 'input-invalid' },
    });
  });

  it('refuses names that no call has', async () => {
    const { answers } = make();
    for (const name of ['worker:explode', 'toString', '__proto__', 7, undefined]) {
      expect(await answers.engineCall(ours, name, {})).toMatchObject({ ok: false });
      expect(await answers.shellCall(ours, name, {})).toMatchObject({ ok: false });
    }
  });

  it('answers what the world refused, and a mistake of ours by the id that stands in the log', async () => {
    const { answers, onFault } = make();
    expect(await answers.shellCall(ours, 'shell:choose-certificate', {})).toMatchObject({ problem: { code: 'input-invalid' } });
    expect(onFault).not.toHaveBeenCalled();
    const answer = await answers.shellCall(ours, 'shell:about', {});
    expect(answer).toMatchObject({ problem: { code: 'internal', details: { correlationId: 'id-1' } } });
    expect(onFault).toHaveBeenCalledOnce();
  });
});

describe('one worker for the window', () => {
  class Elsewhere extends FakeWorker {
    override readonly attachedTo = 'other-engine' as const;
  }
  const make = (source: Partial<WorkerSource>) => {
    const refuse = () => Promise.reject(new AppError('engine-not-running', { dataFolder: '/d' }));
    const events: WindowEvent[] = [];
    const steady = createSteadyWorker({
      source: { open: refuse, attach: refuse, ...source },
      dataFolder: '/d',
      onFault: () => undefined,
      lookAgainMs: 100,
    });
    steady.subscribe((event) => events.push(event));
    return { steady, events };
  };

  it('is opened by the first call, once for all that come meanwhile', async () => {
    const open = vi.fn(() => Promise.resolve(new FakeWorker(scenarios.filled())));
    const { steady } = make({ open });
    const answers = await Promise.all([steady.call('worker:state', {}), steady.call('jobs:running', {})]);
    expect(answers.map((answer) => answer.ok)).toEqual([true, true]);
    expect(open).toHaveBeenCalledOnce();
    await steady.close();
  });

  it('says why it cannot be opened, and tries again with the next call', async () => {
    const open = vi
      .fn<WorkerSource['open']>()
      .mockRejectedValueOnce(new AppError('engine-already-running', { owner: 'somebody', pid: 7 }))
      .mockResolvedValueOnce(new FakeWorker(scenarios.empty()));
    const { steady } = make({ open });
    expect(await steady.call('worker:state', {})).toMatchObject({ problem: { code: 'engine-already-running' } });
    expect(await steady.call('worker:state', {})).toMatchObject({ ok: true });
    await steady.close();
  });

  it('finds a worker that starts elsewhere after it was looked for in vain, without being asked again', async () => {
    const open = vi.fn(() => Promise.reject(new AppError('engine-already-running', { owner: 'somebody', pid: 7 })));
    const attach = vi
      .fn<WorkerSource['attach']>()
      .mockRejectedValueOnce(new AppError('engine-not-running', { dataFolder: '/d' }))
      .mockResolvedValue(new Elsewhere(scenarios.filled()));
    const { steady, events } = make({ open, attach });
    expect(await steady.call('worker:state', {})).toMatchObject({ problem: { code: 'engine-already-running' } });
    expect(steady.role()).toBeUndefined();
    await vi.waitFor(() => expect(events).toEqual([{ event: 'engine-contact-changed', payload: { problem: null } }]));
    expect(await steady.call('worker:state', {})).toMatchObject({ ok: true });
    expect(steady.role()).toBe('administrator');
    expect([open.mock.calls.length, attach.mock.calls.length]).toEqual([1, 2]);
    await steady.close();
  });

  it('looks no more once it is closed', async () => {
    const attach = vi.fn<WorkerSource['attach']>().mockRejectedValue(new AppError('engine-not-running', { dataFolder: '/d' }));
    const { steady } = make({ attach });
    await steady.call('worker:state', {});
    await steady.close();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(attach).not.toHaveBeenCalled();
  });

  it('waits for a worker that runs elsewhere and has ended, without starting one in its place', async () => {
    const first = new Elsewhere(scenarios.filled());
    const open = vi.fn(() => Promise.resolve(first));
    const attach = vi
      .fn<WorkerSource['attach']>()
      .mockRejectedValueOnce(new AppError('engine-not-running', { dataFolder: '/d' }))
      .mockResolvedValueOnce(new Elsewhere(scenarios.paused()));
    const { steady, events } = make({ open, attach });
    await steady.call('worker:state', {});
    first.end();
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(await steady.call('worker:state', {})).toMatchObject({ ok: false });
    await vi.waitFor(() => expect(events).toHaveLength(3));
    const told = events.map((event) => event.event === 'engine-contact-changed' && (event.payload.problem?.code ?? 'there'));
    expect(told).toEqual(['there', provokes('worker-gone'), 'there']);
    expect(await steady.call('worker:state', {})).toMatchObject({ value: { status: 'paused' } });
    expect([open.mock.calls.length, attach.mock.calls.length]).toEqual([1, 2]);
    await steady.close();
  });

  it('starts one in the place of one that is gone where a person asks for it, and goes on waiting where it cannot', async () => {
    const first = new Elsewhere(scenarios.filled());
    const own = new FakeWorker(scenarios.paused());
    const foreign = new AppError('data-folder-unusable', { dataFolder: '/d', reason: 'it belongs to root' });
    const open = vi.fn<WorkerSource['open']>().mockResolvedValueOnce(first);
    open.mockRejectedValueOnce(foreign).mockResolvedValueOnce(own);
    const { steady, events } = make({ open });
    await steady.call('worker:state', {});
    first.end();
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(await steady.startHere()).toMatchObject({ code: 'data-folder-unusable' });
    // A call alone starts none.
    expect(await steady.call('worker:state', {})).toMatchObject({ problem: { code: 'worker-gone' } });
    expect(await steady.startHere()).toBeNull();
    expect(await steady.call('worker:state', {})).toMatchObject({ value: { status: 'paused' } });
    expect([open.mock.calls.length, steady.attachedTo()]).toEqual([3, 'own-engine']);
    expect(await steady.startHere()).toBeNull();
    expect(open).toHaveBeenCalledTimes(3);
    await steady.close();
  });

  it('tells when the engine of this process has ended by itself', async () => {
    const worker = new FakeWorker(scenarios.filled());
    const { steady } = make({ open: () => Promise.resolve(worker) });
    await steady.call('worker:state', {});
    worker.end();
    await expect(steady.ownEngineEnded).resolves.toBeUndefined();
    await steady.close();
  });

  it('closes a worker that was still being opened', async () => {
    const worker = new FakeWorker(scenarios.filled());
    const close = vi.spyOn(worker, 'close');
    let opened: (worker: FakeWorker) => void = () => undefined;
    const { steady } = make({ open: () => new Promise((resolve) => (opened = resolve)) });
    void steady.call('worker:state', {});
    const closing = steady.close();
    opened(worker);
    await closing;
    expect(close).toHaveBeenCalledOnce();
  });
});

describe('where the worker comes from', () => {
  const taken = new AppError('engine-already-running', { owner: 'somebody', pid: 7 });
  const silent = new AppError('engine-not-running', { dataFolder: '/d' });
  const signal = new AbortController().signal;
  const worker = new FakeWorker(scenarios.filled());
  const client = {
    role: 'reader' as const,
    call: worker.call.bind(worker),
    subscribe: () => () => undefined,
    ended: new Promise<void>(() => undefined),
    close: () => Promise.resolve(),
  };

  it('is the engine that has the data folder, with the role that this user’s key admits to', async () => {
    const source = createWorkerSource({ openOwn: () => Promise.reject(taken), connect: () => Promise.resolve(client) });
    expect(await source.open({ signal })).toMatchObject({ attachedTo: 'other-engine', role: 'reader' });
  });

  it('is an engine of its own as soon as the one that is ending has let go of the folder', async () => {
    const own = new FakeWorker(scenarios.empty());
    const openOwn = vi.fn(() => Promise.resolve(own)).mockRejectedValueOnce(taken);
    const source = createWorkerSource({ openOwn, connect: () => Promise.reject(silent) });
    expect(await source.open({ signal })).toBe(own);
  });

  it('is the engine that was still starting, as soon as it answers', async () => {
    const connect = vi.fn(() => Promise.resolve(client)).mockRejectedValueOnce(silent);
    const source = createWorkerSource({ openOwn: () => Promise.reject(taken), connect });
    expect(await source.open({ signal })).toMatchObject({ attachedTo: 'other-engine' });
  });

  it('is none where the engine that has the folder goes on to be silent, nor once the application ends', async () => {
    const openOwn = vi.fn(() => Promise.reject<FakeWorker>(taken));
    const source = (betweenMs: number) => createWorkerSource({ openOwn, connect: () => Promise.reject(silent), betweenMs });
    await expect(source(0).open({ signal })).rejects.toBe(taken);
    const ending = new AbortController();
    const opening = source(60_000).open({ signal: ending.signal });
    ending.abort();
    await expect(opening).rejects.toBe(taken);
  });

  it('is not waited for where the folder is somebody else’s, or the key', async () => {
    const foreign = new AppError('data-folder-unusable', { dataFolder: '/d', reason: 'it belongs to root' });
    const closed = new AppError('control-refused', { role: 'nobody', needed: 'reader' });
    for (const [failure, refusal] of [
      [foreign, silent],
      [taken, closed],
    ] as const) {
      const openOwn = vi.fn(() => Promise.reject<FakeWorker>(failure));
      const source = createWorkerSource({ openOwn, connect: () => Promise.reject(refusal) });
      await expect(source.open({ signal })).rejects.toBe(failure);
      expect(openOwn).toHaveBeenCalledOnce();
    }
  });
});

describe('what the tray knows', () => {
  const worker = (answers: { state: Promise<WorkerState>; running: Promise<JobView[]> }) => {
    const listeners = new Set<(event: WindowEvent) => void>();
    const steady = {
      attachedTo: () => 'own-engine' as const,
      role: () => 'administrator' as const,
      subscribe: (listener: (event: WindowEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      ownEngineEnded: new Promise<void>(() => undefined),
      close: () => Promise.resolve(),
      call: async (name: string) => ({ ok: true, value: await (name === 'worker:state' ? answers.state : answers.running) }),
    } as unknown as SteadyWorker;
    return { steady, tell: (event: WindowEvent) => listeners.forEach((listener) => listener(event)) };
  };

  it('is what was told since it asked, however late the answer comes', async () => {
    let answerState: (state: WorkerState) => void = () => undefined;
    let answerRunning: (jobs: JobView[]) => void = () => undefined;
    const { steady, tell } = worker({
      state: new Promise((resolve) => (answerState = resolve)),
      running: new Promise((resolve) => (answerRunning = resolve)),
    });
    const shown: TrayFacts[] = [];
    const unfollow = followWorker(steady, (facts) => shown.push(facts));
    tell({ event: 'worker-changed', payload: { ...readyState, status: 'paused' } });
    tell({ event: 'job-changed', payload: sampleJob(1, { phase: 'ended', outcome: 'completed' }) });
    answerState(readyState);
    answerRunning([sampleJob(1), sampleJob(2)]);
    await vi.waitFor(() => expect(shown.at(-1)?.running).toHaveLength(1));
    expect(shown.at(-1)?.running[0]?.sandboxId).toBe(sampleJob(2).sandboxId);
    expect(shown.at(-1)?.worker?.status).toBe('paused');
    unfollow();
  });
});
