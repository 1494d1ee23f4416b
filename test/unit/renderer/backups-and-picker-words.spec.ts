import { describe, expect, it } from 'vitest';
import type { FileEntry } from '@shared/channels.ts';
import {
  advisedOf,
  backupsTitle,
  becomesWords,
  brokenWords,
  describeProof,
  firstInFolders,
  goneTitle,
  goneWords,
  originWords,
  setAsideWords,
} from '../../../renderer/panels/backups/backups-words.ts';
import { describeLastBackup, describeRecent } from '../../../renderer/panels/home/home-words.ts';
import {
  canChoose,
  chosenWords,
  describeEntry,
  filterEntries,
  nextIndex,
  shortTitle,
  sortEntries,
} from '../../../renderer/panels/picker/picker-words.ts';
import { backupMark } from '../../../renderer/words/states.ts';
import { backup } from './values.ts';

const now = Date.parse('2026-11-21T14:02:00Z');

describe('a backup', () => {
  it('counts only when it was restored and checked', () => {
    expect(backupMark(backup())).toEqual({ tone: 'done', word: 'verified' });
    expect(backupMark(backup({ verified: false })).word).toBe('a copy, not verified');
    expect(backupMark(backup({ state: 'broken' })).tone).toBe('blocked');
    expect(backupMark(backup({ state: 'missing' })).word).toBe('the file is missing');
  });
  it('says what its proof is and when it was last repeated', () => {
    expect(describeProof(backup(), now)).toBe('restored to a scratch file, 0 checks passed');
    expect(describeProof(backup({ lastCheck: { at: '2026-11-19T14:00:00Z', ok: true, error: null } }), now)).toMatch(
      /; last checked 2 days ago$/,
    );
  });
  it('that is broken is told of above the list, and what is left', () => {
    expect(brokenWords([backup()])).toBeNull();
    expect(brokenWords([backup(), backup({ state: 'broken' })])).toMatch(/^One backup is broken: .* others/);
    expect(brokenWords([backup({ state: 'broken' })])).toMatch(/Make a new one now/);
  });
  it('is not told as none because it cannot be used', () => {
    const unusable = [{ path: '/b/renamed.db', why: null }];
    expect(backupsTitle({ backups: [], unusable: [] })).toBe('No backup yet');
    expect(backupsTitle({ backups: [], unusable })).toBe('No backup that can be used');
    expect(backupsTitle({ backups: [backup()], unusable })).toBe('1 backup');
  });
  it('stands for the folder that it lies in, of several the first', () => {
    const [first, second, other] = ['/b', '/b', '/elsewhere'].map((folder, at) => backup({ id: `b${at}`, folder }));
    const all = [first, second, other].filter((each) => each !== undefined);
    expect(firstInFolders(all)).toEqual([first, other]);
  });
  it('of a file that is gone is told apart, and counts as none of its own', () => {
    const gone = backup({ id: 'b2', reason: 'before restore', folder: '/p/e.db backups', databaseName: 'e.db' });
    const foreign = { ...gone, databasePath: '/p/e.db', madeOfGone: true as const };
    const own = backup({ folder: '/p/a.db backups' });
    expect(backupsTitle({ backups: [foreign], unusable: [] })).toBe('No backup yet, and 1 of a file that is gone');
    expect(backupsTitle({ backups: [own, foreign], unusable: [] })).toBe('1 backup, and 1 of a file that is gone');
    expect(firstInFolders([own, foreign])).toEqual([own]);
    expect(brokenWords([{ ...foreign, state: 'broken' }])).toBeNull();
    expect([originWords(own, 'a.db'), becomesWords(own, 'a.db')]).toEqual([null, 'what it was on']);
    expect(becomesWords(foreign, 'a.db')).toBe('what e.db was on');
    expect(originWords(foreign, 'a.db')).toBe(
      'made of e.db, which is no longer there: this database under its former name, or a copy of it',
    );
    expect(originWords(foreign, 'e.db')).toMatch(/^made of \/p\/e\.db, /);
  });
  it('is what is left of a database whose file is gone: the newest good one is advised', () => {
    const unusable = [{ path: '/b/renamed.db', why: null }];
    const [broken, good] = [backup({ id: 'new', state: 'broken' }), backup({ id: 'old' })];
    const another = backup({ madeOfGone: true });
    const title = (...backups: ReturnType<typeof backup>[]) => goneTitle('a.db', { backups, unusable: [] });
    expect(title()).toBe('a.db is gone, and no backup of it was found');
    expect(title(another)).toBe('a.db is gone, and no backup of it was found');
    expect(goneTitle('a.db', { backups: [], unusable })).toMatch(/, and no backup of it that can be used was found$/);
    expect(title(good)).toBe('a.db is gone; 1 backup of it is there');
    expect(title(broken, good)).toBe('a.db is gone; 2 backups of it are there');
    expect([goneWords('a.db', []), goneWords('a.db', [good])]).toEqual([
      expect.stringMatching(/copy of the folder of its backups, put that where it is looked for/),
      expect.stringMatching(/restore a backup: a\.db then lies in its place again/),
    ]);
    const none = [[broken], [another], [another, broken]].map((backups) => goneWords('a.db', backups));
    for (const words of none) expect(words).toMatch(/copy of the folder of its backups, .*, and look again\.$/);
    expect(none.map((words) => /restore a backup/.test(words))).toEqual([false, false, false]);
    expect(none.map((words) => /None of its own backups here can be restored/.test(words))).toEqual([
      true,
      false,
      true,
    ]);
    expect(none.map((words) => /made of another file that is gone may be of this database/.test(words))).toEqual([
      false,
      true,
      true,
    ]);
    expect(goneWords('a.db', [another, broken, good])).toBe(goneWords('a.db', [good]));
    expect(advisedOf([another, broken, good])).toBe(good);
    expect(advisedOf([another, broken])).toBeNull();
    expect(brokenWords([broken], true)).toMatch(/no other here\. A copy of the folder/); // of what is gone none can be made
  });
  it('is told what was set aside: by a restore what nobody could read, by undoing one whatever was there', () => {
    const replaced = { folder: '/p/a.db replaced-Abc123', at: '' };
    expect(setAsideWords({ ...replaced, isOfUndo: false })).toBe('SQLite could not read them');
    expect(setAsideWords({ ...replaced, isOfUndo: true })).toBe('what was there until then');
  });
});

describe('the file picker', () => {
  const entry = (name: string, kind: FileEntry['kind'] = 'file', looksLikeDatabase = false): FileEntry => ({
    token: name,
    name,
    kind,
    sizeBytes: 1_500,
    modifiedAt: null,
    looksLikeDatabase,
  });
  const entries = [
    entry('b.txt'),
    entry('run-10.db', 'file', true),
    entry('run-9.db', 'file', true),
    entry('exports', 'folder'),
  ];

  it('shows folders, then databases, then the rest', () => {
    expect(sortEntries(entries).map(({ name }) => name)).toEqual(['exports', 'run-9.db', 'run-10.db', 'b.txt']);
  });
  it('filters by name and, when asked, to databases; folders stay to walk through', () => {
    expect(filterEntries(entries, 'RUN', false)).toHaveLength(2);
    expect(filterEntries(entries, '', true).map(({ name }) => name)).toEqual(['run-10.db', 'run-9.db', 'exports']);
  });
  it('says what an entry is', () => {
    expect(entries.map(describeEntry)).toEqual(['1.5 kB', 'database, 1.5 kB', 'database, 1.5 kB', 'folder']);
    expect(describeEntry({ ...entry('on-a-drive.db', 'file', true), sizeBytes: null })).toBe('database');
  });
  it('can be chosen only where it is what is asked for', () => {
    const common = { title: '', lead: '', onChoose: () => {} };
    const logs = { ...common, mode: 'files', extension: '.txt' } as const;
    expect(entries.map((entry) => canChoose(entry, logs))).toEqual([true, false, false, true]);
    expect(entries.map((entry) => canChoose(entry, { ...common, mode: 'folder' }))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(entries.map((entry) => canChoose(entry, { mode: 'database' }))).toEqual([false, true, true, true]);
    expect([chosenWords(0), chosenWords(2)]).toEqual(['No file chosen yet', '2 files chosen']);
    expect(shortTitle('/home/mara/exports/')).toBe('exports');
  });
  it('moves with the arrow keys and stays inside', () => {
    expect(nextIndex('ArrowDown', 3, 4)).toBe(3);
    expect(nextIndex('ArrowUp', 0, 4)).toBe(0);
    expect(nextIndex('End', 0, 4)).toBe(3);
    expect(nextIndex('a', 0, 4)).toBeNull();
    expect(nextIndex('ArrowDown', 0, 0)).toBeNull();
  });
});

describe('a recent database', () => {
  const recent = {
    recentId: 'r',
    name: 'lights.db',
    folder: '/p',
    exists: true,
    packTitle: 'Kroma project database',
    variantTitle: 'Legacy version',
    phaseReached: null,
    phaseCount: 6,
    sizeBytes: 1,
    lastVerifiedBackupAt: null,
    lastOpenedAt: '',
  };
  it('says what it is, or what is known instead', () => {
    expect(describeRecent(recent)).toBe('Kroma project database · legacy version');
    expect(describeRecent({ ...recent, exists: false })).toBe('The file is no longer there');
    expect(describeRecent({ ...recent, packTitle: null })).toBe('Not looked at yet');
    expect(describeLastBackup(recent, now)).toBe('no verified backup yet');
    const backedUp = { ...recent, lastVerifiedBackupAt: '2026-11-19T14:00:00Z' };
    expect(describeLastBackup(backedUp, now)).toBe('verified backup 2 days ago');
    const gone = { ...backedUp, isLastBackupGone: true };
    expect(describeLastBackup(gone, now)).toBe('its last verified backup is no longer there');
  });
});
