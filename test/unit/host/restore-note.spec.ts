import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync, linkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { appError, ok, type Result } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { readIntent } from '@engine/intent.ts';
import type { Backups } from '@host/backups.ts';
import { createBusy } from '@host/busy.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import { createRecoveries } from '@host/recovery.ts';
import { intentAt } from '@host/restore-note.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup } from '../renderer/values.ts';

const folder = temporaryFolder();
const SHA = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

/** A database with a note beside it, and the backups that are known of it. */
function setUp({ known = [] as BackupRecord[], elsewhere = [] as BackupRecord[] } = {}) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'a.db');
  writeFileSync(file, 'bytes');
  const database: OpenEntry = { handle: 'h', name: 'a.db', folder: home, path: file };
  const asked: { name: string; input: Record<string, unknown> }[] = [];
  const all = [...known, ...elsewhere];
  const answerTo = (name: string, input: Record<string, unknown>): Result<unknown> => {
    if (name === 'listBackups') return ok(elsewhere);
    if (name === 'verifyBackup') return ok(all.find((record) => record.path === input['backupPath']));
    return { ok: false, error: appError('E_RESTORE_UNFINISHED', 'it was interrupted') };
  };
  const askAlone = (_: string, name: string, input: Record<string, unknown>) => {
    asked.push({ name, input });
    return { answer: Promise.resolve(answerTo(name, input)), child: null };
  };
  const events = createEventBus();
  const recoveries = createRecoveries({
    ...{
      events,
      busy: createBusy(),
      ongoing: createOngoing(events),
      dataFolder: path.join(home, 'data'),
      appVersion: '0',
    },
    engines: { askAlone } as unknown as Engines,
    backups: {
      list: () => Promise.resolve(ok({ backups: known })),
      show: () => {},
      noteCheck: () => {},
    } as unknown as Backups,
    recents: { files: () => [] },
  });
  const note = (change: Partial<RestoreIntent> | string) => {
    const good = {
      ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: 'a.db' },
      ...{ way: 'in-place', source: 'backup', backupPath: '/b/b1.db', sha256: SHA },
      ...{ files: [], quarantine: null, beforePath: null },
    };
    const text = typeof change === 'string' ? change : JSON.stringify({ ...good, ...change });
    writeFileSync(intentFile(file), text);
  };
  const readAgain = () => asked.filter(({ name }) => name === 'verifyBackup').map(({ input }) => input['backupPath']);
  return { home, file, database, recoveries, note, readAgain };
}

const record = (id: string, change: Partial<BackupRecord> = {}): BackupRecord =>
  backup({ id, path: `/b/${id}.db`, folder: '/b', sha256: SHA, verified: true, state: 'verified', ...change });

describe('the note of a restore means the same to host and engine', () => {
  const main = { suffix: '', sha256: SHA } as const;
  const byFile: Partial<RestoreIntent> = { way: 'by-file', files: [main] };
  const undoing: Partial<RestoreIntent> = { ...byFile, source: 'replaced', backupPath: '/x/a.db replaced-Abc123' };
  const withNote = (change: Partial<RestoreIntent> | string) => (given: ReturnType<typeof setUp>) => given.note(change);
  it.each<[string, boolean, (given: ReturnType<typeof setUp>) => void]>([
    ['as we write it', true, withNote({})],
    ['with a folder of ours', true, withNote({ ...byFile, quarantine: 'a.db replaced-Abc123' })],
    ['that undoes one', true, withNote({ ...undoing, files: [main, { suffix: '-wal', sha256: OTHER }] })],
    ['that names no file', false, withNote({ ...undoing, files: [] })],
    ['that names a log only', false, withNote({ ...byFile, files: [{ suffix: '-wal', sha256: SHA }] })],
    ['that names a file twice', false, withNote({ ...byFile, files: [main, main] })],
    ['of two contents', false, withNote({ ...byFile, files: [{ suffix: '', sha256: OTHER }] })],
    ['of no content', false, withNote({ ...byFile, sha256: '', files: [{ suffix: '', sha256: '' }] })],
    ['in place, of no content', false, withNote({ sha256: 'x' })],
    ['in place, that names a file', false, withNote({ files: [main] })],
    ['in place, that undoes one', false, withNote({ ...undoing, way: 'in-place', files: [] })],
    ['in place, with a folder of ours', true, withNote({ quarantine: 'a.db replaced-Abc123' })],
    ['in place, with a folder elsewhere', false, withNote({ quarantine: '../../tmp' })],
    ['on Windows', true, withNote({ backupPath: 'C:\\b\\b1.db' })],
    ['cut short', false, withNote('{"format":')],
    ['that is empty', false, withNote('')],
    ['that is huge', false, withNote(' '.repeat(70_000))],
    ['of another database', false, withNote({ databaseName: 'b.db' })],
    ['with a folder elsewhere', false, withNote({ ...byFile, quarantine: '../../tmp' })],
    ['that undoes from a strange folder', false, withNote({ ...undoing, backupPath: '/etc' })],
    ['with a backup that is no whole path', false, withNote({ backupPath: 'b1.db' })],
    ['with a backup of a strange name', false, withNote({ backupPath: '/b/\u0000b1.db' })],
    ['with a strange backup from before', false, withNote({ beforePath: 'x' })],
    ['that is a link', false, ({ file }) => symlinkSync(file, intentFile(file))],
    ['that is a link to nowhere', false, ({ file }) => symlinkSync('/nowhere', intentFile(file))],
    ['that is a folder', false, ({ file }) => mkdirSync(intentFile(file))],
    [
      'that has another name, too',
      false,
      (given) => {
        given.note({});
        linkSync(intentFile(given.file), path.join(given.home, 'other'));
      },
    ],
  ])('%s: it can be obeyed is %s', async (_, isReadable, prepare) => {
    const given = setUp({ known: [record('b1')] });
    prepare(given);

    expect(intentAt(given.file)).toEqual(readIntent(given.file));
    expect(intentAt(given.file)?.isReadable).toBe(isReadable);
    const ids = (await given.recoveries.get(given.database))?.choices.map(({ id }) => id);
    expect(ids?.includes('finish')).toBe(isReadable);
  });
});

describe('the backup that was being put back', () => {
  it('is read again where it is one of this database, or its folder says that it is that one', async () => {
    for (const where of ['known', 'elsewhere'] as const) {
      const { database, recoveries, note, readAgain } = setUp({ [where]: [record('b1')] });
      note({});
      expect(await recoveries.get(database)).toMatchObject({ backup: { id: 'b1' }, isSafe: true });
      expect(readAgain()).toEqual(['/b/b1.db']);
    }
  });

  it.each<[string, Partial<RestoreIntent>]>([
    ['is a file that nobody knows as a backup', { backupPath: '/home/me/letter.db' }],
    ['has other bytes than the note says', { sha256: 'b'.repeat(64) }],
    ['is on another computer', { backupPath: '//server/share/b1.db' }],
  ])('is not even opened where it %s; then there is another one', async (_, change) => {
    const before = record('b0', { path: '/b/b0.db', reason: 'before restore', sha256: 'c'.repeat(64) });
    const { database, recoveries, note, readAgain } = setUp({
      known: [before, record('b1')],
      elsewhere: [record('b1')],
    });
    note({ ...change, beforePath: '/b/b0.db' });

    const recovery = await recoveries.get(database);

    expect(readAgain()).toEqual(['/b/b0.db']);
    expect(recovery?.choices[0]).toMatchObject({ id: 'restore', title: 'Go back to before the restore' });
  });
});

it.each<[string, boolean, Partial<RestoreIntent>]>([
  ['in place, behind a backup', true, { beforePath: '/b/b0.db' }],
  ['by file, beside what it set aside', true, { way: 'by-file', quarantine: 'a.db replaced-Abc123' }],
  ['by file, where that was taken away', false, { way: 'by-file', quarantine: 'a.db replaced-Abc123' }],
  ['by file, where there was nothing', false, { way: 'by-file', quarantine: null }],
])('a note says whether what was there is kept: %s', async (_, isKept, change) => {
  const { database, recoveries, note } = setUp({ known: [record('b1')] });
  note({ ...(change.way === 'by-file' ? { files: [{ suffix: '', sha256: SHA }] } : {}), ...change });
  if (isKept && change.quarantine) mkdirSync(path.join(path.dirname(database.path), change.quarantine));
  const finish = (await recoveries.get(database))?.choices[0];
  expect([finish?.id, finish?.consequence.includes('What it held before is kept')]).toEqual(['finish', isKept]);
});

describe('a note that cannot be read', () => {
  it('is not taken to mean the newest backup: what there is is listed, and nothing is called safe', async () => {
    const known = [
      record('b3', { state: 'broken', verified: false }),
      record('b2', { reason: 'by hand' }),
      record('b1', { reason: 'before restore' }),
    ];
    const { database, recoveries, note } = setUp({ known });
    note('{"format":');

    const recovery = await recoveries.get(database);

    const told = recovery?.reasons.join('\n');
    expect(recovery).toMatchObject({ isSafe: false, backup: { id: 'b2' }, choices: [{ id: 'restore' }] });
    expect(told).toContain('it is not known which backup was being put back');
    expect(told).not.toContain('The backup that was being put back was');
    expect(told).toMatch(/newest good backup is “b2\.db” \(by hand\)/);
    expect(told).toMatch(/before a restore was begun is “b1\.db”/);
    expect(recovery?.choices[0]?.consequence).toContain('need not be the one');
  });

  it('beside a file without a backup offers to look for one again, and nothing that would be refused', async () => {
    const { database, recoveries, note } = setUp();
    note('x');
    const recovery = await recoveries.get(database);
    expect(recovery).toMatchObject({ isSafe: false, backup: null, choices: [{ id: 'look' }] });
    expect(recovery?.choices[0]?.consequence).toContain('folder of its backups');
    expect(recovery?.reasons.join()).toMatch(/No good backup was found.* look again: then/);
  });

  it('is read by nobody through a link', () => {
    const { file } = setUp();
    symlinkSync(file, intentFile(file));
    expect(intentAt(file)).toMatchObject({ isReadable: false, why: 'it is not an ordinary file' });
    expect(readFileSync(file, 'utf8')).toBe('bytes');
  });
});
