/** Which records a job has lost, as REST and `hrw job show` tell it, on both databases. */
import { describe, expect, test, onTestFinished } from 'vitest';
import { describeRecords } from '../../src-main/command-line/service/record-words.ts';
import { gapsIn } from '../../src-service/store/missing-records.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { engines } from './open-stores.ts';
import { accountName, publish, startJob, startRestFixture, startScriptedWorker, type ScriptedAttempt } from './rest-fixture.ts';

describe.each(engines)('a job whose records are not all there, on %s', (engine) => {
  test('says which are missing, from where to where', async (context) => {
    const fixture = await startRestFixture(engine === 'postgres' ? { databaseUrl: await postgresDatabase(context) } : {});
    onTestFinished(fixture.close);
    const worker = await startScriptedWorker(fixture);
    onTestFinished(worker.close);
    await publish(fixture, 'Say', 'Bash', 'echo 1');
    const begun = async (): Promise<ScriptedAttempt> => {
      await startJob(fixture, 'Say');
      const attempt = await worker.takeJob();
      await attempt.write({ text: 'zero' });
      await attempt.write({ text: 'one' }, { text: 'two' });
      await attempt.write({ text: 'three' });
      return attempt;
    };
    const jobOf = ({ jobId }: ScriptedAttempt) => fixture.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    const told = async (attempt: ScriptedAttempt) => {
      const { verified, recordCount, missingRecords, attempts } = await jobOf(attempt);
      const [one] = attempts;
      expect(one).toMatchObject({ verified, recordCount, missingRecords });
      return [verified, one?.reportedCount, missingRecords, one && describeRecords(one)];
    };

    const whole = await begun();
    expect(await told(whole)).toEqual([null, null, null, '4 so far']);
    await whole.end('Completed', 'completed');
    expect(await told(whole)).toEqual([true, 4, [], '4, complete, verified']);

    const cut = await begun();
    await cut.endClaiming(3);
    expect(await told(cut)).toEqual([false, 7, [{ first: 4, last: 6 }], '4 of 7, missing sequence 4 to 6']);
    // A database that was brought back without some of its rows.
    await fixture.service.context.store.write((tx) =>
      tx.db.deleteFrom('recordChunks').where('sandboxId', '=', cut.sandboxId).where('firstSeq', '=', 1).execute(),
    );
    const gaps = [
      { first: 1, last: 2 },
      { first: 4, last: 6 },
    ];
    expect((await told(cut)).slice(0, 3)).toEqual([false, 7, gaps]);

    const forgetful = await begun();
    await forgetful.endClaiming(-2);
    expect(await told(forgetful)).toEqual([false, 2, [], '4, not verified: the worker has only 2 of them left']);

    const other = await begun();
    await other.endClaiming(0);
    expect(await told(other)).toEqual([false, 4, [], '4, not verified: they are not the ones that the worker has']);
  });
});

test.each([
  [[], 0, []],
  [[], 2, [{ first: 0, last: 1 }]],
  [[{ first: 0, last: 4 }], 3, []],
  [[{ first: 1, last: 1 }], 2, [{ first: 0, last: 0 }]],
  [
    [
      { first: 0, last: 1 },
      { first: 3, last: 3 },
      { first: 9, last: 9 },
    ],
    6,
    [
      { first: 2, last: 2 },
      { first: 4, last: 5 },
    ],
  ],
])('of %j the gaps below %d are %j', (held, count, gaps) => {
  expect(gapsIn(held, count)).toEqual(gaps);
});
