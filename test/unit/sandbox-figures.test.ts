/** What a sandbox shows of its job while it runs: its console without secrets, how far the upload is behind, what it uses. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConsoleView } from '../../src-main/sandbox/console-view.ts';
import { MaskedConsole } from '../../src-main/sandbox/masked-console.ts';
import { Secrets } from '../../src-main/sandbox/masking/secrets.ts';
import { UploadLag } from '../../src-main/sandbox/upload-lag.ts';
import { UsageMeter } from '../../src-main/sandbox/usage-meter.ts';

describe('a masked console', () => {
  const shownOf = (view: ConsoleView): string => view.read(0).bytes.toString();

  it('shows no secret, however its bytes are cut', () => {
    const secrets = new Secrets();
    secrets.addText('hunter2-longer');
    for (const cut of [3, 8, 12]) {
      const view = new ConsoleView();
      const masked = new MaskedConsole(view, secrets.scan);
      const bytes = Buffer.from('Password: hunter2-longer\r\n\u001b[32mdone\u001b[0m');
      for (let at = 0; at < bytes.length; at += cut) masked.push(bytes.subarray(at, at + cut));
      expect(masked.tail).toBe('Password: ***\ndone');
      expect(shownOf(view)).not.toContain('hunter2');
    }
  });

  it('masks what a job learns while it runs', () => {
    const secrets = new Secrets();
    const view = new ConsoleView();
    const masked = new MaskedConsole(view, secrets.scan);
    masked.push(Buffer.from('before '));
    secrets.addText('correct-horse-battery');
    masked.push(Buffer.from('correct-horse-battery after'));
    expect(masked.tail).toBe('before *** after');
  });

  it('does not keep the beginning of a secret waiting for long', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const secrets = new Secrets();
    secrets.addText('hunter2-longer');
    const view = new ConsoleView();
    new MaskedConsole(view, secrets.scan).push(Buffer.from('Continue? hunter'));
    expect(shownOf(view)).toBe('Continue? ');
    vi.advanceTimersByTime(150);
    expect(shownOf(view)).toBe('Continue? hunter');
  });
});

describe('the lag of an upload', () => {
  it('is the age of the oldest record that the service lacks', () => {
    let seconds = 0;
    const lag = new UploadLag(() => new Date(seconds * 1000));
    lag.written(3);
    seconds = 5;
    lag.written(8);
    expect(lag.oldestWaitingAt(0)).toBe(new Date(0).toISOString());
    expect(lag.oldestWaitingAt(3)).toBe(new Date(5000).toISOString());
    expect(lag.oldestWaitingAt(8)).toBeNull();
    lag.written(8);
    expect(lag.oldestWaitingAt(8)).toBeNull();
  });

  it('stays small and about right while a service is away for days', () => {
    let seconds = 0;
    const lag = new UploadLag(() => new Date(seconds * 1000));
    for (; seconds < 100_000; seconds += 1) lag.written(seconds + 1);
    expect(lag.oldestWaitingAt(0)).toBe(new Date(0).toISOString());
    const middle = Date.parse(lag.oldestWaitingAt(50_000) ?? '') / 1000;
    expect(Math.abs(middle - 50_000)).toBeLessThan(1_000);
  });
});

describe('what a job uses', () => {
  it('is sampled every few seconds, and once more for whoever asks, with a bound', () => {
    vi.useFakeTimers({ now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    let cpuMs = 0;
    const meter = new UsageMeter(() => new Date());
    expect(meter.read(null)).toEqual([]);
    meter.follow({ figures: () => ({ cpuMs: (cpuMs += 10), memoryBytes: 1, processes: 2 }) });
    vi.advanceTimersByTime(12_000);
    expect(meter.read(null).map(({ time }) => Date.parse(time))).toEqual([0, 5_000, 10_000, 12_000]);
    expect(meter.read(new Date(5_000).toISOString())).toHaveLength(2);
    vi.advanceTimersByTime(5 * 1_000 * 1_000);
    expect(meter.read(null)).toHaveLength(400);
    meter.close();
    meter.close();
    const kept = meter.read(null).length;
    vi.advanceTimersByTime(60_000);
    expect(meter.read(null)).toHaveLength(kept);
    expect(vi.getTimerCount()).toBe(0);
  });
});
