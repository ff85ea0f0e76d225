import { describe, expect, it } from 'vitest';
import { runtimeEnvironment } from '../../src-main/sandbox/runtime-environment.ts';

const facts = { workFolder: '/work', jobId: 'job-1', activityId: 'activity-1' };

describe('the environment of a runtime', () => {
  it('has what every program needs, a home of its own and the job’s ids, and nothing else', () => {
    const inherited = {
      PATH: '/opt/bin:/bin',
      LANG: 'de_DE.UTF-8',
      HOME: '/root',
      TMPDIR: '/elsewhere',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: 'x.so',
      AWS_SECRET_ACCESS_KEY: 'canary',
      HRW_TOKEN_FILE: '/secret',
      http_proxy: 'http://user:canary@proxy',
    };
    expect(runtimeEnvironment({ ...facts, inherited, platform: 'linux' })).toEqual({
      PATH: '/opt/bin:/bin',
      LANG: 'de_DE.UTF-8',
      HOME: '/work',
      TMPDIR: '/work/.tmp',
      AUTOMATION_JOB_ID: 'job-1',
      AUTOMATION_ACTIVITY_ID: 'activity-1',
    });
  });

  it('has a path and an encoding even where the service manager gives none', () => {
    const { PATH, LANG } = runtimeEnvironment({ ...facts, inherited: {}, platform: 'linux' });
    expect(PATH).toContain('/usr/bin');
    expect(LANG).toBe('C.UTF-8');
  });

  it('finds Windows’ names in any case', () => {
    const environment = runtimeEnvironment({
      ...facts,
      inherited: { Path: 'C:\\Windows', systemroot: 'C:\\Windows', UserProfile: 'C:\\Users\\x' },
      platform: 'win32',
    });
    expect(environment).toMatchObject({ Path: 'C:\\Windows', systemroot: 'C:\\Windows', USERPROFILE: '/work' });
    expect(environment['UserProfile']).toBeUndefined();
  });
});
