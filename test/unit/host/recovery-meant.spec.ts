import { readFileSync, writeFileSync } from 'node:fs';
import { intentFile } from '@shared/beside.ts';
import { ok } from '@shared/errors.ts';
import { describe, expect, it } from 'vitest';
import {
  appliedLine,
  backupLine,
  check,
  noteOf,
  record,
  report,
  setUp as setUpHouse,
  status,
} from '../../support/recovered-house.ts';

/** Which interruption an answer is about, when the page that gives it may be out of date. */

const migrated = { type: 'migrated', at: '2026-11-21T14:00:00.000Z', report: report() } as const;

function setUp() {
  const house = setUpHouse();
  house.answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));
  const upgrade = (runId: string) => house.journal(runId, [backupLine, appliedLine, migrated]);
  const isLeft = (journal: string): boolean => readFileSync(journal, 'utf8').includes('"stayed"');
  let lookedAgain = 0;
  house.events.on((name) => (lookedAgain += name === 'database:changed' ? 1 : 0));
  return { ...house, upgrade, isLeft, lookedAgain: () => lookedAgain };
}

describe('while the page is looked at again', () => {
  /** The second look begins in the middle of the first, which an answer has asked for, and takes minutes. */
  function lookedAtAgain() {
    const house = setUp();
    house.list(record('b1'));
    let isBegun = false;
    house.answers['verifyBackup'] = () => {
      house.answers['inspect'] = () => new Promise(() => {}) as never;
      if (!isBegun) void house.recoveries.get(house.database);
      isBegun = true;
      return ok(record('b1'));
    };
    return { ...house, isBegun: () => isBegun };
  }

  it('the check that is missing is made', async () => {
    const { database, recoveries, upgrade, isBegun } = lookedAtAgain();
    upgrade('r1');
    expect(await recoveries.check(database)).toEqual(ok({ checks: [check('met')], error: null }));
    expect(isBegun()).toBe(true);
  });

  it('that it stays as it is, is noted', async () => {
    const { database, recoveries, upgrade, isLeft } = lookedAtAgain();
    const journal = upgrade('r1');
    expect(await recoveries.stay(database)).toEqual(ok({}));
    expect(isLeft(journal)).toBe(true);
  });

  it('the answer to what was shown waits for no other look', async () => {
    const { database, recoveries, upgrade, isLeft, asked } = setUp();
    const journal = upgrade('r1');
    await recoveries.get(database);
    const again = recoveries.get(database);
    const before = asked.length;

    expect(await recoveries.stay(database, 'r1')).toEqual(ok({}));

    expect([isLeft(journal), asked.length]).toEqual([true, before]);
    await again;
  });
});

describe('leaving it as it is', () => {
  it('is refused for another one than was shown, and the window looks again', async () => {
    const { database, recoveries, upgrade, isLeft, lookedAgain } = setUp();
    upgrade('r1');
    const shown = await recoveries.get(database);
    const later = upgrade('r2');
    await recoveries.get(database); // by another window

    const stayed = await recoveries.stay(database, shown?.runId);

    expect(stayed).toMatchObject({
      error: { code: 'E_STATE_CHANGED', nextStep: expect.stringMatching(/choose again/) as string },
    });
    expect([isLeft(later), lookedAgain()]).toEqual([false, 1]);
  });

  it('is the answer to what lies there now, where only an older look says something else', async () => {
    const { database, recoveries, upgrade, isLeft } = setUp();
    upgrade('r1');
    await recoveries.get(database);
    const later = upgrade('r2');

    expect(await recoveries.stay(database, 'r2')).toEqual(ok({}));

    expect(isLeft(later)).toBe(true);
  });

  it('is refused where nothing is unfinished any more, and the window looks again', async () => {
    const { database, recoveries, lookedAgain } = setUp();
    expect(await recoveries.stay(database, 'r1')).toMatchObject({ error: { code: 'E_NOTHING_TO_DO' } });
    expect(lookedAgain()).toBe(1);
  });

  it('is refused while something goes on with it, also where it was looked at before', async () => {
    const { database, file, recoveries, upgrade, isLeft, busy } = setUp();
    const journal = upgrade('r1');
    await recoveries.get(database);
    busy.take(file, 'backup', { isTrial: true });
    expect(await recoveries.stay(database, 'r1')).toMatchObject({ error: { code: 'E_RUN_ACTIVE' } });
    expect(isLeft(journal)).toBe(false);
  });

  it('is refused for a restore that has begun to replace the file, and says so', async () => {
    const { database, file, recoveries } = setUp();
    writeFileSync(intentFile(file), JSON.stringify(noteOf({})));
    expect(await recoveries.stay(database)).toMatchObject({ error: { code: 'E_RESTORE_UNFINISHED' } });
  });
});
