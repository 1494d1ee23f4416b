import { mkdirSync, rmSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError, ok } from '@shared/errors.ts';
import { Recovery } from '@shared/recovery.ts';
import { recoveryText } from '../../../electron/cli/recovery-words.ts';
import { lastSetAside } from '@host/kept-files.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import {
  type Line,
  setUp,
  record,
  beforeRestore,
  verified,
  noteOf,
  status,
  backupLine,
  appliedLine,
  choicesOf,
} from '../../support/recovered-house.ts';

describe('another work that was killed', () => {
  const untouched = ok(status({ applied: 0, unfinished: null }));

  it.each([
    ['backup', ['continue', 'stay']],
    ['ingest', ['continue', 'stay', 'restore']],
    ['retry', ['continue', 'stay', 'restore']],
    ['clear', ['stay', 'restore']],
  ] as const)('%s: says that nothing is half done', async (kind, choices) => {
    const { database, recoveries, journal, answers, list } = setUp();
    answers['inspect'] = untouched;
    journal('w1', [], { kind, toPhase: null });
    if (kind !== 'backup') list({ ...record('b1'), runId: 'w1' });

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ kind, state: 'interrupted', isSafe: true, toPhase: null });
    expect(choicesOf(recovery)).toEqual(choices);
    journal('w1', [{ type: 'over', ok: false }], { kind, toPhase: null });
    expect(await recoveries.get(database)).toBeNull();
  });

  it('does not hide an upgrade from before; a restore that was done settles all', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [backupLine, appliedLine]);
    journal('w1', [], { kind: 'backup', toPhase: null });
    expect(await recoveries.get(database)).toMatchObject({ kind: 'upgrade', runId: 'r1' });

    journal('w2', [{ type: 'over', ok: true }], { kind: 'restore', toPhase: null });
    answers['inspect'] = untouched;
    expect(await recoveries.get(database)).toBeNull();
  });

  it('R10: a restore that had begun to replace the file can only be finished', async () => {
    const { database, recoveries, answers, journal, asked, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    list(record('b1'));
    const restore = { startedAt: '2026-11-21T14:00:00Z', backupPath: '/b/b1.db', way: 'in-place' } as const;
    answers['inspect'] = ok(status({ applied: 0, unfinished: null, restore }));

    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({
      kind: 'restore',
      isSafe: true,
      backup: { id: 'b1' },
      code: 'E_RESTORE_UNFINISHED',
    });
    expect(choicesOf(recovery)).toEqual(['finish']);
    await recoveries.stay(database); // cannot be left at that
    expect(await recoveries.get(database)).not.toBeNull();

    expect(await recoveries.finish(database)).toMatchObject({ ok: true, value: { restored: { id: 'b1' } } });
    expect(asked.some((question) => question.startsWith('finishRestore'))).toBe(true);
  });

  it('a restore that died while it was finished is put right as far as that is possible, and says so', async () => {
    const { database, recoveries, answers, asked } = setUp();
    const died = appError('E_WORKER_DIED', 'It ended.', { request: 'finishRestore', exitCode: 1 });
    answers['finishRestore'] = { ok: false, error: died };
    answers['settle'] = { ok: false, error: appError('E_RESTORE_UNFINISHED', 'It is unfinished.') };

    expect(await recoveries.finish(database)).toEqual({ ok: false, error: died });

    expect(asked.map((question) => question.split(' ')[0])).toEqual(['finishRestore', 'settle']);
  });

  it('that had done its work says so, where the file holds the backup, and can be undone', async () => {
    const { database, recoveries, answers, journal, list, asked } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const before = beforeRestore(database, 'before', '2026-11-22T00:00:00Z');
    answers['verifyBackup'] = ok(before);
    list(before, record('b1'));

    // Nobody knows: it may have been stopped before it replaced anything.
    answers['restoredFrom'] = ok(null);
    const unknown = await recoveries.get(database);
    expect(unknown?.where).toContain('Nothing of it is half done');

    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'bytes' });
    const recovery = await recoveries.get(database);

    expect(
      asked.filter((question) => question.includes('/b/before.db') && question.startsWith('restoredFrom')),
    ).toEqual([]);
    expect(recovery?.where).toBe(
      'Nothing of it is half done: the file holds, byte for byte, what the backup “b1.db” (before phase 1) holds.',
    );
    expect(recovery).toMatchObject({ isSafe: true, backup: { id: 'before' } });
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Go on to the database', 'Undo the restore']);
  });

  it('is undone with its own backup, and not with that of an attempt to undo it which failed', async () => {
    const { database, recoveries, answers, journal, list } = setUp();
    const own = beforeRestore(database, 'own', '2026-11-21T14:01:30.000Z');
    const later = beforeRestore(database, 'later', '2026-11-21T14:02:30.000Z');
    const other = beforeRestore({ ...database, path: '/other.db' }, 'other', '2026-11-21T14:01:10.000Z');
    const begun = { kind: 'restore', toPhase: null, restores: '/b/b1.db' };
    const backedUp: Line = { type: 'backup', backupPath: own.path, sha256: '', verified: true };
    journal('w1', [backedUp], begun);
    journal('w2', [{ type: 'over', ok: false }], { ...begun, restores: own.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    answers['verifyBackup'] = verified(own, later, other);
    list(later, own, other, record('b1'));
    const undo = async () => {
      const recovery = await recoveries.get(database);
      return [recovery?.backup?.id, choicesOf(recovery)];
    };
    expect(await undo()).toEqual(['own', ['stay', 'restore']]);

    journal('w1', [], { ...begun, at: '2026-11-21T14:01:00.000Z' }); // of an older version
    expect(await undo()).toEqual(['own', ['stay', 'restore']]);

    list(later, other, record('b1'));
    expect(await undo()).toEqual([undefined, ['stay']]);
  });

  it('is never undone with another backup than the one that its journal names', async () => {
    const { database, recoveries, answers, journal, list, file } = setUp();
    const other = beforeRestore(database, 'other', '2026-11-21T14:01:30.000Z');
    const backedUp: Line = { type: 'backup', backupPath: '/b/own.db', sha256: '', verified: true };
    journal('w1', [backedUp], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    mkdirSync(`${file} replaced-Ab12Cd`); // of something else: this one has made a backup
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    list(other, record('b1'));

    expect(await recoveries.get(database)).toMatchObject({ backup: null, choices: [{ id: 'stay' }] });
  });

  it('by a second attempt is undone with the backup of the first', async () => {
    const { database, recoveries, answers, journal, list, asked } = setUp();
    const own = beforeRestore(database, 'own', '2026-11-21T13:59:00.000Z');
    const since = '2026-11-21T13:58:00.000Z';
    journal('w2', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db', since, before: own.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    answers['verifyBackup'] = verified(own);
    list(own, record('b1'));

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({ backup: { id: 'own' }, choices: [{ id: 'stay' }, { title: 'Undo the restore' }] });
    expect(asked.find((each) => each.startsWith('restoredFrom'))).toContain(`"since":"${since}"`);
  });

  it.skipIf(process.platform === 'win32')('is undone with a backup that a journal knows by a link', async () => {
    const { home, database, recoveries, answers, journal, list } = setUp();
    const real = realpathSync(home);
    mkdirSync(path.join(real, 'disk'));
    symlinkSync(path.join(real, 'disk'), path.join(real, 'linked'));
    const own = {
      ...beforeRestore(database, 'own', '2026-11-21T13:59:00.000Z'),
      path: path.join(real, 'disk', 'own.db'),
    };
    const linked = path.join(real, 'linked', 'own.db');
    journal('w1', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db', before: linked });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    answers['verifyBackup'] = verified(own);
    list(own, record('b1'));

    expect(await recoveries.get(database)).toMatchObject({ backup: { id: 'own' } });
  });

  it('is carried through under a journal that names the first attempt and its backup', async () => {
    const { database, dataFolder, recoveries, answers, journal, file } = setUp();
    const begun = { kind: 'restore', toPhase: null, restores: '/b/b1.db' };
    const written = journal('w1', [], begun);
    const note = noteOf({ startedAt: '2026-11-21T14:05:00.000Z', beforePath: '/b/own.db' });
    writeFileSync(`${file}.restore-intent`, JSON.stringify(note));
    const started = () => readWorks(dataFolder, file)[0]?.started;

    await recoveries.finish(database);
    const since = '2026-11-21T14:01:00.000Z';
    expect(started()).toMatchObject({ kind: 'restore', restores: '/b/b1.db', since, before: '/b/own.db' });

    rmSync(written);
    rmSync(path.dirname(written), { recursive: true }); // begun on another computer: there is only its note
    await recoveries.finish(database);
    expect(started()).toMatchObject({ since: note.startedAt, before: '/b/own.db' });

    // It began anew and failed, so that the note speaks of a second backup.
    rmSync(path.dirname(written), { recursive: true });
    journal('w3', [], { ...begun, since, before: '/b/own.db' });
    writeFileSync(`${file}.restore-intent`, JSON.stringify({ ...note, beforePath: '/b/second.db' }));
    answers['finishRestore'] = { ok: false, error: appError('E_RESTORE_HELD', 'Somebody has it.') };
    await recoveries.finish(database);
    expect(started()).toMatchObject({ since, before: '/b/own.db' });
  });

  it('of which nobody knows what it put back is not proven by the bytes of any backup', async () => {
    const { database, recoveries, answers, journal, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null }); // of an older version
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    const byBytes = ok({ backupPath: '/b/b1.db', proof: 'bytes' });
    answers['restoredFrom'] = (input) => ((input as { isByEvent?: boolean }).isByEvent ? ok(null) : byBytes);
    list(record('b1'), record('b2'));

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toContain('the file is as it was before the restore or, if that had just ended');
  });

  it('is held against the backup that its journal names, also one in a folder that nobody knows of', async () => {
    const { home, database, recoveries, answers, journal, list, asked } = setUp();
    const elsewhere = { ...record('mine'), path: path.join(home, 'mine.db'), createdAt: '2026-01-01' };
    writeFileSync(elsewhere.path, 'bytes');
    journal('w1', [], { kind: 'restore', toPhase: null, restores: elsewhere.path });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['listBackups'] = ok([elsewhere]);
    answers['restoredFrom'] = ok({ backupPath: elsewhere.path, proof: 'event' });
    list(record('b1'), record('b2'));

    const recovery = await recoveries.get(database);

    const [question = '', ...more] = asked.filter((each) => each.startsWith('restoredFrom'));
    expect(more).toEqual([]);
    expect(JSON.parse(question.slice('restoredFrom '.length))).toMatchObject({
      since: '2026-11-21T14:01:00.000Z',
      backups: [{ path: elsewhere.path, createdAt: '2026-01-01' }],
    });
    expect(recovery?.where).toContain('the file itself has noted that the backup “mine.db”');
  });

  it('that set files aside offers to put those back', async () => {
    const { file, database, recoveries, answers, journal, list } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null, restores: '/b/b1.db' });
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
    list(record('b1'));
    const aside = `${file} replaced-Ab12Cd`;
    mkdirSync(aside);
    writeFileSync(path.join(aside, path.basename(file)), 'bytes');
    const longAgo = new Date('2026-11-20T00:00:00Z');

    utimesSync(aside, longAgo, longAgo);
    expect(choicesOf(await recoveries.get(database))).toEqual(['stay']); // of another restore

    const then = new Date('2026-11-21T14:02:00Z');
    utimesSync(aside, then, then);
    const recovery = await recoveries.get(database);
    expect(Recovery.parse(recovery)).toMatchObject({ isSafe: true, setAside: aside });
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Go on to the database', 'Undo the restore']);
    expect(recoveryText(recovery as Recovery, file)).toContain(`restore --put-back '${aside}' --to ${file} --yes`);
  });

  describe('that names the folder of its files in its journal', () => {
    /** A later folder lies there, too. */
    const namedAndLater = () => {
      const house = setUp();
      const { file, answers, list } = house;
      answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
      answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'event' });
      list(record('b1'));
      for (const [name, day] of [
        ['Named1', 1],
        ['Later2', 22],
      ] as const) {
        const aside = `${file} replaced-${name}`;
        mkdirSync(aside);
        writeFileSync(path.join(aside, path.basename(file)), 'bytes');
        utimesSync(aside, new Date(Date.UTC(2026, 10, day)), new Date(Date.UTC(2026, 10, day)));
      }
      const begin = { kind: 'restore', toPhase: null, restores: '/b/b1.db' };
      const lineOf = (name: string): Line => ({ type: 'set-aside', folder: `${path.basename(file)} replaced-${name}` });
      return { ...house, begin, lineOf };
    };

    it('offers those, whatever the time of that', async () => {
      const { file, database, recoveries, journal, begin, lineOf } = namedAndLater();
      journal('w1', [lineOf('Later2'), { type: 'over', ok: true }], begin);
      journal('w2', [lineOf('Named1')], begin);

      expect((await recoveries.get(database))?.setAside).toBe(`${file} replaced-Named1`);
    });

    it('offers none where others come first by now, which no journal names: they would be refused', async () => {
      const { file, dataFolder, database, recoveries, journal, begin, lineOf } = namedAndLater();
      journal('w2', [lineOf('Named1')], begin);

      const recovery = await recoveries.get(database);

      expect([recovery?.setAside, choicesOf(recovery)]).toEqual([undefined, ['stay']]);
      expect(recovery?.reasons.join()).toMatch(
        /“a\.db replaced-Named1” beside .* Other files were set aside after them/,
      );
      // What the list of backups offers, and only that is put back.
      expect((await lastSetAside(file, readWorks(dataFolder, file)))?.folder).toBe(`${file} replaced-Later2`);
    });
  });

  it('that put old files back, and has left no note, does not speak of a backup', async () => {
    const { file, database, recoveries, answers, journal } = setUp();
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    journal('w1', [], { kind: 'restore', toPhase: null, restores: `${file} replaced-Ab12Cd` });

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toBe(
      'Nothing of it is half done: the file is as it was before or, if that had just ended, the old files are back that a restore had set aside.',
    );
    expect(choicesOf(recovery)).toEqual(['stay']);
  });

  it('whose note still lies there says so, too, and only has to be concluded', async () => {
    const { database, recoveries, answers, journal, list, file } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    const sha256 = 'a'.repeat(64);
    writeFileSync(`${file}.restore-intent`, JSON.stringify(noteOf({ sha256 })));
    list({ ...record('b1'), sha256 });
    answers['restoredFrom'] = ok({ backupPath: '/b/b1.db', proof: 'bytes' });

    const recovery = await recoveries.get(database);

    expect(recovery?.where).toContain('All of it is in place');
    expect(recovery?.choices.map(({ title }) => title)).toEqual(['Finish the restore']);
  });

  it('is found by its note beside the file also where the file is missing', async () => {
    const { database, recoveries, answers, journal, file } = setUp();
    journal('w1', [], { kind: 'restore', toPhase: null });
    rmSync(file);
    writeFileSync(`${file}.restore-intent`, '{}');
    answers['inspect'] = { ok: false, error: appError('E_NOT_FOUND', 'There is no a.db.') };
    expect(await recoveries.get(database)).toMatchObject({ kind: 'restore', code: 'E_RESTORE_UNFINISHED' });
    expect(await recoveries.list()).toMatchObject([{ kind: 'restore', name: 'a.db' }]);
  });
});
