import { appError, err, ok, safetyText } from '@shared/errors.ts';
import { createReadings, cutShort, type Reading } from '@host/readings.ts';
import { describe, expect, it } from 'vitest';
import { setUp as recoveredHouse, appliedLine, backupLine, report, status } from '../../support/recovered-house.ts';

/** What only reads and was given up. With real engines: test/engine/stop-reading.spec.ts. */

/** Above the 2 s that are promised: no test of the machine's speed. */
const LIMIT_MS = 8_000;
const of = (call: Reading) => ({ handle: 'h', call, asker: undefined });

describe('a reading that is given up', () => {
  it('answers within two seconds, whatever it waits for', async () => {
    const readings = createReadings();
    const calls: Reading[] = ['database:check', 'backup:verify', 'recovery:get', 'recovery:check'];
    const all = calls.map((call) => readings.read(of(call), () => new Promise<never>(() => {})));
    const askedAt = performance.now();
    for (const call of calls) readings.stop(of(call));

    const errors = (await Promise.all(all)).map((answer) => (answer.ok ? null : answer.error));

    expect(performance.now() - askedAt).toBeLessThan(LIMIT_MS);
    expect(errors.map((error) => error?.code)).toEqual(calls.map(() => 'E_CANCELLED'));
    const { untouched, unknown } = safetyText;
    expect(errors.map((error) => error?.safety)).toEqual([untouched, untouched, untouched, unknown]);
  });

  it('says that it was stopped, whatever its engine made of that; but what it had found out counts', async () => {
    const readings = createReadings();
    for (const found of [cutShort(), err(appError('E_WORKER_DIED', 'It was ended.'))]) {
      const reading = readings.read(of('backup:verify'), async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return found;
      });
      readings.stop(of('backup:verify'));
      expect(await reading).toMatchObject({
        error: { code: 'E_CANCELLED', message: expect.stringMatching(/^Reading the backup/) as string },
      });
    }
    const done = readings.read(of('backup:verify'), () => Promise.resolve(ok('whole')));
    readings.stop(of('backup:verify'));
    expect(await done).toEqual(ok('whole'));
  });

  it('throws what it throws, and is then over', async () => {
    const readings = createReadings();
    const broken = readings.read(of('recovery:get'), () => Promise.reject(new Error('a bug')));
    await expect(broken).rejects.toThrow('a bug');
    readings.stop(of('recovery:get'));
  });
});

describe('of what was interrupted', () => {
  function unproven() {
    const house = recoveredHouse();
    house.answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));
    house.journal('r1', [backupLine, appliedLine, { type: 'migrated', report: report() }]);
    return house;
  }
  const stopped = AbortSignal.abort();

  it('a look that was stopped leaves known what the last one found: an answer to that needs no other', async () => {
    const { database, recoveries, asked } = unproven();
    expect(await recoveries.get(database)).toMatchObject({ runId: 'r1' });
    expect(await recoveries.get(database, { signal: stopped })).toBeNull();

    const before = asked.length;
    expect(await recoveries.stay(database, 'r1')).toEqual(ok({}));

    expect(asked).toHaveLength(before);
  });

  it('a verdict that comes together with the stop is not noted behind the back of who was told that there is none', async () => {
    const { database, recoveries, answers } = unproven();
    const stopper = new AbortController();
    const holds = answers['verify'];
    answers['verify'] = () => {
      stopper.abort();
      return holds as ReturnType<typeof ok>;
    };

    expect(await recoveries.check(database, stopper.signal)).toMatchObject({ error: { code: 'E_CANCELLED' } });

    expect(await recoveries.get(database)).toMatchObject({ state: 'unproven' });
  });
});
