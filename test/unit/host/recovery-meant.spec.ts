import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { appError, ok } from '@shared/errors.ts';
import { processIdentity } from '@host/process-identity.ts';
import { appendToJournal } from '@host/run-journal.ts';
import { describe, expect, it } from 'vitest';
import {
  appliedLine,
  backupLine,
  check,
  type Line,
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

describe('a look that comes back after the answer', () => {
  /** Its look at the file ends when the spec says so. */
  function slow() {
    const house = setUp();
    const end: (() => void)[] = [];
    const answer = house.answers['inspect'];
    house.answers['inspect'] = () => new Promise((resolve) => end.push(() => resolve(answer))) as never;
    return {
      ...house,
      look: () => house.recoveries.get(house.database),
      end: () => end.splice(0).forEach((each) => each()),
    };
  }

  it.each(['stay', 'check'] as const)('says nothing of what was unfinished before it: %s', async (answer) => {
    const { database, recoveries, upgrade, list, look, end, answers } = slow();
    list(record('b1'));
    upgrade('r1');
    const shown = look();
    end();
    expect(await shown).toMatchObject({ runId: 'r1' });
    const older = look();
    const lasting = answers['inspect'];
    answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));
    expect(await recoveries[answer](database)).toMatchObject({ ok: true });
    if (lasting) answers['inspect'] = lasting;

    end();

    expect(await older).toBeNull();
    const newer = look();
    end();
    expect(await newer).toBeNull();
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

  describe('is refused where another program has taken it up since it was shown', () => {
    const living = { pid: process.ppid, process: processIdentity(process.ppid) };
    const no = {
      type: 'verdict',
      verified: false,
      checks: [check('unmet')],
      error: appError('E_VERIFY_FAILED', 'No.'),
    };
    const failed = { type: 'ended', report: report({ ok: false, error: appError('E_VERIFY_FAILED', 'No.') }) };
    const proven = { type: 'ended', report: report({ verified: true }) };
    const later = (lines: object[], more = {}) => [{ lines: lines as Line[], more }];

    it.each<[string, string, { lines: Line[]; more: object }[], object[]]>([
      ['and is at it right now', 'E_RUN_ACTIVE', later([backupLine], living), []],
      ['and has not finished either', 'E_STATE_CHANGED', later([backupLine, failed]), []],
      ['and has proven it', 'E_NOTHING_TO_DO', later([backupLine, proven]), []],
      ['and has found that something is missing', 'E_STATE_CHANGED', [], [no]],
      ['and was told to leave it already', 'E_NOTHING_TO_DO', [], [{ type: 'stayed' }]],
    ])('%s', async (_, code, begun, noted) => {
      const { database, recoveries, upgrade, isLeft, journal, lookedAgain, asked } = setUp();
      const shown = upgrade('r1');
      await recoveries.get(database);
      for (const { lines, more } of begun) journal('r2', lines, more);
      for (const line of noted) appendFileSync(shown, `${JSON.stringify({ at: '', ...line })}\n`);
      const [before, looks] = [readFileSync(shown, 'utf8'), asked.length];

      const stayed = await recoveries.stay(database, 'r1');

      expect(stayed).toMatchObject({
        ok: false,
        error: { code, nextStep: expect.stringMatching(/choose again|Nothing has/) as string },
      });
      expect(readFileSync(shown, 'utf8')).toBe(before);
      // While that is under way its page says why; a look would show that nothing is unfinished just now.
      expect([lookedAgain(), asked.length]).toEqual([code === 'E_RUN_ACTIVE' ? 0 : 1, looks]);
      expect(isLeft(shown)).toBe(noted.some((line) => 'type' in line && line.type === 'stayed'));
    });

    it('also where only the file names it', async () => {
      const { database, dataFolder, recoveries, answers, journal, runs } = setUp();
      answers['inspect'] = ok(status({ applied: 1 }));
      const shown = await recoveries.get(database);
      journal('r2', [backupLine, failed as Line]);
      expect(await recoveries.stay(database, shown?.runId)).toMatchObject({ error: { code: 'E_STATE_CHANGED' } });
      expect(readdirSync(runs())).toEqual(['r2.jsonl']);

      rmSync(dataFolder, { recursive: true });
      await recoveries.get(database);
      appendToJournal(runs(), 'r1', { type: 'stayed', at: '' }); // by the command line
      expect(await recoveries.stay(database, 'r1')).toMatchObject({ error: { code: 'E_NOTHING_TO_DO' } });
    });

    it('or where that cannot be known, as what it noted cannot be read', async () => {
      const { database, recoveries, upgrade, runs } = setUp();
      upgrade('r1');
      await recoveries.get(database);
      rmSync(runs(), { recursive: true });
      mkdirSync(path.join(runs(), 'r1.jsonl'), { recursive: true });
      expect(await recoveries.stay(database, 'r1')).toMatchObject({ error: { code: 'E_DATA_FOLDER' } });
    });

    it('but not where that has only made a backup', async () => {
      const { database, recoveries, upgrade, isLeft, journal } = setUp();
      const shown = upgrade('r1');
      await recoveries.get(database);
      journal('w1', [{ type: 'over', ok: true }], { kind: 'backup', toPhase: null });
      expect(await recoveries.stay(database, 'r1')).toEqual(ok({}));
      expect(isLeft(shown)).toBe(true);
    });
  });

  it('is refused while another program is at it, also where nothing was looked at before', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = ok(status({ applied: 1 })); // which has not yet come to name its run in the file
    journal('r2', [], { pid: process.ppid, process: processIdentity(process.ppid) });
    expect(await recoveries.get(database)).toBeNull();
    expect(await recoveries.stay(database)).toMatchObject({ error: { code: 'E_RUN_ACTIVE' } });
    expect(await recoveries.check(database)).toMatchObject({ error: { code: 'E_RUN_ACTIVE' } });
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
