import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { appError, err, ok } from '@shared/errors.ts';
import { Recovery, RecoveryNotice } from '@shared/recovery.ts';
import { processIdentity } from '@host/process-identity.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import {
  type Line,
  setUp,
  record,
  status,
  backupLine,
  appliedLine,
  report,
  choicesOf,
} from '../../support/recovered-house.ts';

describe('an upgrade that was killed', () => {
  it('A10: is told: what was running, where it stopped, that the data is safe and why, what can be done', async () => {
    const { database, recoveries, journal } = setUp();
    journal('r1', [backupLine, appliedLine]);

    const recovery = await recoveries.get(database);

    expect(Recovery.parse(recovery)).toMatchObject({
      ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', toPhase: 1, stepsDone: 1, stepsTotal: 3 },
      ...{ isSafe: true, code: 'E_INTERRUPTED' },
      what: 'An upgrade to phase 1 was under way when Phasewise or the computer stopped.',
      where: 'It stopped after step 1 of 3, at “Do two”.',
      reasons: [
        'The file was opened and checked just now: it is whole.',
        'Every step is in it as a whole or not at all; what was under way was taken back.',
        'The backup from before was read again just now: it is byte for byte what was saved.',
      ],
    });
    expect(choicesOf(recovery)).toEqual(['continue', 'stay', 'restore']);
    expect(recovery?.choices[0]?.consequence).toContain('Goes on with step 2 of 3.');
    expect((await recoveries.list()).map((notice) => RecoveryNotice.parse(notice).what)).toEqual([recovery?.what]);
  });

  it('says so where rows of a step are done, and goes by the file where the journal knows less', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine]); // the last lines never reached the disk
    answers['inspect'] = ok(status({ applied: 2, next: 'started' }));

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toBe('It stopped after step 2 of 3, in the middle of “Do three”.');
    expect(recovery?.reasons[1]).toContain('the rows that were done are kept');
  });

  it('tells what is being read while a large file is looked at, and nothing of what was read just now', async () => {
    const { database, recoveries, journal, list, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    list(record('b1'));
    const large = status({ applied: 1 });
    answers['inspect'] = ok({ ...large, file: { sizeBytes: 3e9 }, health: { ...large.health, state: 'not-checked' } });
    const told: string[] = [];
    const onLook = (now: string) => void told.push(now);

    await recoveries.get(database, { onLook });
    expect(told).toEqual(['Checking the whole file (3.0 GB)', 'Reading the backup “b1.db” again (0 bytes)']);

    await recoveries.get(database, { onLook });
    expect(told.slice(2)).toEqual(['Checking the whole file (3.0 GB)']);
  });

  describe('names the folder that its backups were sent to', () => {
    const begun = (...folders: string[]) => {
      const house = setUp();
      const [elsewhere, logs] = folders.map((name) => path.join(house.home, name)) as [string, string];
      for (const each of [elsewhere, logs]) mkdirSync(each);
      const planned = (backupFolder: string, more: Record<string, unknown> = {}) => ({
        plan: { backupFolder, ...more },
      });
      const told = async () => {
        const recovery = await house.recoveries.get(house.database);
        return [recovery?.backupFolder, recovery?.source];
      };
      return { ...house, elsewhere, logs, planned, told };
    };

    it('unless it is the one beside the database, and the files that it was told to read', async () => {
      const { file, journal, planned, told, elsewhere, logs } = begun('elsewhere', 'logs');
      mkdirSync(`${file} backups`);
      journal('r1', [backupLine, appliedLine], planned(`${file} backups`));
      expect(await told()).toEqual([undefined, undefined]);

      journal('r2', [backupLine], planned(elsewhere));
      expect(await told()).toEqual([elsewhere, undefined]);

      journal('r2b', [backupLine], planned(elsewhere, { source: { choice: 'chosen', folder: logs } }));
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);

      journal('r3', [backupLine]); // by a host that had no plan at hand: the part before it says where
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);

      for (const each of [elsewhere, logs]) rmSync(each, { recursive: true });
      expect(await told()).toEqual([undefined, undefined]);
    });

    it('unless it was the one beside the database when that had another name', async () => {
      const { home, runs, journal, planned, told } = begun('old.db backups', 'logs');
      journal('r1', [appliedLine], { path: path.join(home, 'old.db'), ...planned(path.join(home, 'old.db backups')) });
      renameSync(runs(), runs(path.join(home, 'old.db')));
      expect(await told()).toEqual([undefined, undefined]);
    });

    it('not where the file knows of no such upgrade: it may be another file by now', async () => {
      const { answers, journal, planned, told, elsewhere, logs } = begun('elsewhere', 'logs');
      journal('r1', [backupLine], planned(elsewhere, { source: { choice: 'chosen', folder: logs } }));
      expect(await told()).toEqual([elsewhere, { kind: 'folder', folder: logs }]);
      for (const unfinished of [null, 'of another file']) {
        answers['inspect'] = ok(status({ applied: 0, unfinished }));
        expect(await told()).toEqual([undefined, undefined]);
      }
    });
  });

  it('before its backup was finished can be begun again; there is nothing to go back to', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', []);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ isSafe: true, backup: null, stepsDone: 0 });
    expect(recovery?.where).toContain('nothing of them is in the file');
    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);
    expect(recovery?.reasons).toContain('No finished backup was found: before it has one, an upgrade changes nothing.');
  });

  it('is found in a journal whose last line was cut short, and later lines count again', async () => {
    const { database, recoveries, journal, dataFolder, file } = setUp();
    appendFileSync(journal('r1', [backupLine, appliedLine]), '{"type":"applied","migr');

    expect(await recoveries.get(database)).toMatchObject({ runId: 'r1', backup: { id: 'b1' } });

    await recoveries.stay(database);
    expect(await recoveries.get(database)).toBeNull();
    expect(readWorks(dataFolder, file)[0]).toMatchObject({ isClosed: true, applied: [{ migrationId: 'one' }] });
  });

  it('twice is one question, about the last time, with the backup from before the first', async () => {
    const { database, recoveries, journal, answers, asked } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [{ ...backupLine, backupPath: '/b/b2.db' }]);
    answers['inspect'] = ok(status({ applied: 1, unfinished: 'r2' }));

    expect(await recoveries.get(database)).toMatchObject({ runId: 'r2', backup: { id: 'b1' } });
    expect(await recoveries.list()).toHaveLength(1);
    expect(asked.filter((question) => question.startsWith('verifyBackup'))).toEqual([
      'verifyBackup {"backupPath":"/b/b1.db"}',
    ]);
  });

  it('and was continued and proven later is no question any more', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [backupLine, { type: 'ended', report: report({ runId: 'r2', verified: true }) }]);
    answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null }));

    expect(await recoveries.get(database)).toBeNull();
    expect(await recoveries.list()).toEqual([]);
  });

  it('is asked about no more once the person lets it be, also where only the file knows of it', async () => {
    const { database, recoveries, journal } = setUp();
    journal('r1', [backupLine, appliedLine]);
    await recoveries.stay(database);
    expect([await recoveries.get(database), await recoveries.list()]).toEqual([null, []]);

    const elsewhere = setUp(); // upgraded on another computer: there is no journal
    expect(await elsewhere.recoveries.get(elsewhere.database)).toMatchObject({ runId: 'r1', stepsDone: 1 });
    await elsewhere.recoveries.stay(elsewhere.database);
    expect(await elsewhere.recoveries.get(elsewhere.database)).toBeNull();
  });

  it('is found again after the file got another name, and not asked about under the old one', async () => {
    const { database, recoveries, journal, home, file } = setUp();
    journal('r1', [backupLine, appliedLine]);
    const renamed = path.join(home, 'b.db');
    renameSync(file, renamed);

    const recovery = await recoveries.get({ ...database, path: renamed, name: 'b.db' });

    expect(recovery).toMatchObject({ runId: 'r1', backup: { id: 'b1' }, startedAt: '2026-11-21T14:01:00.000Z' });
    expect(await recoveries.list()).toEqual([]);
  });

  it('of a file that was deleted is not asked about', async () => {
    const { recoveries, journal, file } = setUp();
    journal('r1', [backupLine, appliedLine]);
    rmSync(file);
    expect(await recoveries.list()).toEqual([]);
  });

  it('in a file that was replaced since is settled by a look, and only a look that may leave a trace notes it', async () => {
    const { database, recoveries, journal, answers, dataFolder, file } = setUp();
    const written = journal('r1', [backupLine, appliedLine]);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const before = readFileSync(written, 'utf8');

    expect(await recoveries.get(database, { isReadOnly: true })).toBeNull();
    expect(readFileSync(written, 'utf8')).toBe(before);
    expect(await recoveries.get(database)).toBeNull();
    expect(readWorks(dataFolder, file)[0]?.isClosed).toBe(true);
  });

  it('is not called safe where the file cannot be read any more; then going back comes first', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    answers['inspect'] = { ok: false, error: appError('E_CORRUPT', 'SQLite found damage.') };

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ isSafe: false, backup: { id: 'b1' } });
    expect(choicesOf(recovery)).toEqual(['restore', 'look', 'stay']);
  });

  it('does not offer a backup that is no longer good', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    answers['verifyBackup'] = ok(record('b1', 'broken'));

    const recovery = await recoveries.get(database);

    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);
    expect(recovery?.reasons.at(-1)).toContain('is no longer good');
  });

  it('does not offer one that cannot be read, and does not say that there is none', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    answers['listBackups'] = ok([record('b1')]);
    answers['verifyBackup'] = err(appError('E_IO', 'The disk reported an error.'));

    const recovery = await recoveries.get(database);

    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);
    expect(recovery?.reasons.at(-1)).toBe(
      'The backup from before could not be read just now: The disk reported an error.',
    );
  });

  it.each([
    ['E_BACKUP_CORRUPT', 'is there, but cannot be used'],
    ['E_BACKUP_FOREIGN', 'is there, but cannot be used'],
    ['E_IO', 'could not be read just now'],
  ] as const)('does not say that there is none where it lies there all the same: %s', async (code, why) => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    const error = appError(code, 'So it is.', undefined, { nextStep: 'Do this.' });
    answers['verifyBackup'] = err(error);

    const recovery = await recoveries.get(database);

    expect(recovery?.backup).toBeNull();
    expect(recovery?.reasons.at(-1)).toBe(`The backup from before (“b1.db”) ${why}: So it is. Do this.`);
    expect(choicesOf(recovery)).toEqual(['continue', 'stay']);

    answers['verifyBackup'] = err(appError('E_BACKUP_GONE', 'It is not there.'));
    expect((await recoveries.get(database))?.reasons.at(-1)).toBe('No backup from before was found on this computer.');
  });

  it('tells of that of the original, too, where it is in need of a later one', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [{ ...backupLine, backupPath: '/b/b2.db' }]);
    answers['inspect'] = ok(status({ applied: 1, unfinished: 'r2' }));
    const corrupt = appError('E_BACKUP_CORRUPT', 'The manifest beside the backup cannot be read.');
    answers['verifyBackup'] = (input) =>
      (input as { backupPath: string }).backupPath === '/b/b2.db' ? ok(record('b2')) : err(corrupt);

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ backup: { id: 'b2' }, partOf: 'half-upgraded' });
    expect(recovery?.reasons.at(-2)).toContain('The backup of your original (“b1.db”) is there, but cannot be used');
  });

  it('shows no backup but one that can be asked for by its id: as it is listed, else it is made known', async () => {
    const { database, recoveries, journal, list, shown } = setUp();
    journal('r1', [backupLine, appliedLine]);
    list({ ...record('b1'), id: 'b1 #1234abcd', madeOfGone: true });
    expect((await recoveries.get(database))?.backup).toMatchObject({ id: 'b1 #1234abcd', madeOfGone: true });
    expect(shown).toEqual([]);

    list({ ...record('b1'), path: '/copy/b1.db', folder: '/copy' });
    await recoveries.get(database, { isReadOnly: true });
    expect(shown).toEqual([]);
    const { id, path: place } = (await recoveries.get(database))?.backup ?? {};
    expect([id, place]).toEqual([expect.stringMatching(/^b1 #\w{8}$/), '/b/b1.db']);
    expect(shown).toMatchObject([{ id, path: place }]);
  });

  it('is no question while it goes on, here or in another process', async () => {
    const { database, recoveries, journal, busy } = setUp();
    journal('r1', [backupLine], { pid: process.ppid, process: processIdentity(process.ppid) });
    expect(await recoveries.get(database)).toBeNull();

    journal('r1', [backupLine], { pid: process.ppid, process: 'an earlier process of this id' });
    expect(await recoveries.get(database)).not.toBeNull();
    busy.take(database.path, 'backup');
    expect([await recoveries.get(database), await recoveries.list()]).toEqual([null, []]);
  });

  it('J03: says that finished steps are missing, where the file has lost its log, and does not call that safe', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, ...['one', 'two'].map((migrationId) => ({ ...appliedLine, migrationId }))]);
    answers['inspect'] = ok(status({ applied: 1, next: 'started' }));

    const recovery = await recoveries.get(database);

    expect(recovery?.isSafe).toBe(false);
    expect(recovery?.reasons.join()).toMatch(/One step that was finished is missing.*-wal/);
    answers['inspect'] = ok(status({ applied: 2 }));
    const whole = await recoveries.get(database);
    expect([whole?.isSafe, whole?.reasons.join()]).toEqual([true, expect.not.stringContaining('missing')]);
  });

  it('J03: says so also where the part that did them was gone on with, and that was ended before its first step', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('r2', [{ ...backupLine, backupPath: '/b/b2.db' }]);
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));

    const recovery = await recoveries.get(database);

    expect([recovery?.isSafe, recovery?.reasons.join()]).toEqual([
      false,
      expect.stringContaining('One step that was finished is missing'),
    ]);
    journal('back', [{ type: 'over', ok: true }], { kind: 'restore', toPhase: null });
    journal('r3', [{ ...backupLine, backupPath: '/b/b3.db' }]);
    expect(await recoveries.get(database)).toMatchObject({ runId: 'r3', isSafe: true }); // a restore took them back
  });

  it('by its engine, or on request, says which', async () => {
    const { database, recoveries, journal } = setUp();
    const endedWith = (code: 'E_WORKER_DIED' | 'E_CANCELLED' | 'E_IO'): Line[] => [
      backupLine,
      { type: 'ended', report: report({ ok: false, error: appError(code, 'It ended.') }) },
    ];
    const whats: (string | undefined)[] = [];
    for (const code of ['E_WORKER_DIED', 'E_CANCELLED', 'E_IO'] as const) {
      journal('r1', endedWith(code));
      const recovery = await recoveries.get(database);
      expect(recovery?.code).toBe(code);
      whats.push(recovery?.what.replace('An upgrade to phase 1 was ', ''));
    }
    expect(whats).toEqual([
      'under way when the part of Phasewise that works on the file stopped unexpectedly.',
      'stopped on request.',
      'stopped by an error: the disk reported an error.',
    ]);
    expect((await recoveries.get(database))?.where).toMatch(/ It ended\. Check the disk, then continue\./);
  });

  it('is no question when it was refused before anything was begun', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const error = appError('E_BACKUP_NO_SPACE', 'full');
    journal('r1', [{ type: 'ended', report: report({ ok: false, backup: null, error }) }]);
    expect(await recoveries.get(database)).toBeNull();
  });
});
