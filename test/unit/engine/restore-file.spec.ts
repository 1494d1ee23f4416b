import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { readableIntent, writeIntent } from '@engine/intent.ts';
import { makeRawCopy } from '@engine/raw-copy.ts';
import { canCarryOn, carryOn, placeStaged } from '@engine/restore-file.ts';
import { type FileProbe, type NewFile, stageByFile } from '@engine/restore-stage.ts';
import { restoreBackup } from '@engine/restore.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A restore by file believes no copy that it has not read again, and touches nothing that somebody uses. */

const folder = temporaryFolder();
/** What lies there, without the folder's own time: something was in it, and went. */
const filesBeside = (file: string) => ({ ...folderState(path.dirname(file)), '.': '' });
const holders: ChildProcess[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
});

let target: string;
let before: ReturnType<typeof filesBeside>;
let source: NewFile;
beforeEach(() => {
  target = makeShop(folder);
  before = filesBeside(target);
  const from = makeShop(folder);
  source = { suffix: '', from, sha256: sha256File(from) };
});

function replace(file: NewFile, probe?: FileProbe): string | null {
  const about = { source: 'backup', backupPath: file.from, startedAt: '2026-01-01T00:00:00Z' } as const;
  return placeStaged(stageByFile(target, [file], about, probe), probe);
}

/** Another process has the file open from now on. */
function holdOpen(file: string): void {
  const handle = fs.openSync(file, 'r');
  holders.push(spawn('sleep', ['60'], { stdio: [handle, 'ignore', 'ignore'] }));
  fs.closeSync(handle);
}

it('a copy of the backup that has other bytes is not put in place', () => {
  expect(codeOf(() => replace({ ...source, sha256: 'f'.repeat(64) }))).toBe('E_RESTORE_TARGET');
  expect(filesBeside(target)).toEqual(before);
});

it('what is there is not replaced while the copy that is to keep it has other bytes', () => {
  const copy = fs.copyFileSync;
  vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
    copy(from, to, mode);
    if (from === target) fs.truncateSync(to, 4_096);
  });

  expect(codeOf(() => replace(source))).toBe('E_RESTORE_TARGET');
  expect(filesBeside(target)).toEqual(before);
});

const refused = (code: string) =>
  Object.assign(new Error(`${code}: refused on purpose, scandir '/x'`), { code, syscall: 'scandir' });

it.each(['stage', 'quarantine'])(
  'a %s that cannot be removed again does not hide why nothing was restored',
  (which) => {
    const sha256 = sha256File(target);
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      copy(from, to, mode);
      if (from === (which === 'stage' ? source.from : target)) fs.truncateSync(to, 4_096);
    });
    vi.spyOn(fs, 'rmSync').mockImplementation((file) => {
      if (fs.existsSync(file)) throw refused('EBUSY');
    });

    expect(codeOf(() => replace(source))).toBe('E_RESTORE_TARGET');
    expect(sha256File(target)).toBe(sha256);
  },
);

it('nor does a copy of the raw bytes', () => {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw refused('ENOSPC');
  });
  vi.spyOn(fs, 'rmSync').mockImplementation(() => {
    throw refused('EBUSY');
  });

  expect(codeOf(() => makeRawCopy(target))).toBe('E_RESTORE_TARGET');
});

it('where the raw bytes cannot be kept, nothing that looks like a copy of them is left', () => {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw refused('ENOSPC');
  });

  expect(codeOf(() => makeRawCopy(target))).toBe('E_RESTORE_TARGET');
  expect(filesBeside(target)).toEqual(before);
});

it('what an earlier restore left for good keeps no later one from its work', () => {
  const left = path.join(path.dirname(target), `${path.basename(target)} replacing-Abc123`);
  fs.mkdirSync(left);
  const remove = fs.rmSync;
  vi.spyOn(fs, 'rmSync').mockImplementation((file, options) => {
    if (file === left) throw refused('EBUSY');
    remove(file, options);
  });

  replace(source);

  expect(sha256File(target)).toBe(source.sha256);
  expect(fs.existsSync(left)).toBe(true);
});

/** The disk takes the new name of the note, but does not flush it. */
const refuseToFlushFolders = () => {
  const flush = fs.fsyncSync;
  const isNew = () => fs.existsSync(intentFile(target)) && !fs.readFileSync(intentFile(target)).includes('earlier');
  vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
    if (fs.fstatSync(handle).isDirectory() && isNew()) throw refused('EIO');
    flush(handle);
  });
};

it('a note whose name could not be flushed is taken back: nothing was begun', () => {
  refuseToFlushFolders();

  expect(codeOf(() => replace(source))).toBe('E_RESTORE_TARGET');
  expect(filesBeside(target)).toEqual(before);
});

it('and the note of an earlier restore is there again', () => {
  const about = { source: 'backup', backupPath: '/earlier.db', startedAt: '2026-01-01T00:00:00Z' } as const;
  const intent: RestoreIntent = {
    ...{ ...about, format: 'phasewise-restore 1', databaseName: path.basename(target), way: 'in-place' },
    ...{ sha256: 'a'.repeat(64), files: [], quarantine: null, beforePath: null },
  };
  writeIntent(target, intent);
  refuseToFlushFolders();

  expect(codeOf(() => replace(source))).toBe('E_RESTORE_TARGET');
  expect(readableIntent(target)).toEqual(intent);
});

it.skipIf(process.platform !== 'linux')('nothing is copied beside a file that somebody has open', () => {
  holdOpen(target);
  const points: string[] = [];

  expect(codeOf(() => replace(source, (point) => points.push(point)))).toBe('E_DB_IN_USE');
  expect(points).toEqual([]);
  expect(filesBeside(target)).toEqual(before);
});

it.skipIf(process.platform !== 'linux')('nor is it replaced where somebody opened it while it was copied', () => {
  const opens: FileProbe = (point) => void (point === 'kept' && holdOpen(target));

  expect(codeOf(() => replace(source, opens))).toBe('E_DB_IN_USE');
  expect(filesBeside(target)).toEqual(before);
});

it('a log that appears beside a missing file in the last moment is left to whoever made it', () => {
  fs.rmSync(target);
  const appear: FileProbe = (point) => void (point === 'intended' && fs.writeFileSync(`${target}-wal`, 'of another'));

  expect(codeOf(() => replace(source, appear))).toBe('E_DB_IN_USE');

  expect(fs.readFileSync(`${target}-wal`, 'utf8')).toBe('of another');
  expect(fs.existsSync(target)).toBe(false);
  expect(readableIntent(target)).not.toBeNull();
});

describe('a restore by file that was ended once the log was set aside', () => {
  /** @returns its note. */
  const endedWithLog = (): RestoreIntent => {
    fs.writeFileSync(`${target}-wal`, 'the log that belongs to the old file');
    const end: FileProbe = (point) => {
      if (point === 'cleared') throw new Error('ended here');
    };
    expect(() => replace(source, end)).toThrow('ended here');
    const intent = readableIntent(target);
    if (intent === null) throw new Error('there is no note');
    return intent;
  };
  const keptLog = ({ quarantine }: RestoreIntent) =>
    path.join(path.dirname(target), quarantine ?? '', `${path.basename(target)}-wal`);

  it('is not gone on with where another program has made a new one since, and the first is kept', () => {
    const intent = endedWithLog();
    expect(canCarryOn(target, intent)).toBe(true);
    fs.writeFileSync(`${target}-wal`, 'of another');

    expect(canCarryOn(target, intent)).toBe(false);
    expect(codeOf(() => carryOn(target, intent))).toBe('E_DB_IN_USE');

    expect(fs.readFileSync(keptLog(intent), 'utf8')).toBe('the log that belongs to the old file');
    expect(sha256File(target)).not.toBe(source.sha256);
  });

  it.each<[string, (file: string) => void]>([
    ['the copy that is to be put in place', (file) => fs.truncateSync(`${file}.restore-stage`, 4_096)],
    ['the database', (file) => fs.appendFileSync(file, 'of another')],
  ])('nor where %s is another one by now', (_, change) => {
    const intent = endedWithLog();
    change(target);
    expect(canCarryOn(target, intent)).toBe(false);
  });

  it('nor where what was put in place was written to before the end', () => {
    const intent = endedWithLog();
    carryOn(target, intent);
    expect(canCarryOn(target, intent)).toBe(true);
    fs.appendFileSync(target, 'of another');
    expect(canCarryOn(target, intent)).toBe(false);
  });
});

it('a file that appears where none was is left alone, and the log that was set aside is told of', () => {
  fs.rmSync(target);
  fs.writeFileSync(`${target}-wal`, 'of a file that is gone');
  const appear: FileProbe = (point) => void (point === 'cleared' && fs.writeFileSync(target, 'of another'));

  expect(codeOf(() => replace(source, appear))).toBe('E_RESTORE_UNFINISHED');

  expect(fs.readFileSync(target, 'utf8')).toBe('of another');
  const { quarantine } = readableIntent(target) ?? { quarantine: null };
  const kept = path.join(path.dirname(target), quarantine ?? '', `${path.basename(target)}-wal`);
  expect(fs.readFileSync(kept, 'utf8')).toBe('of a file that is gone');
});

it('what is put in place has the rights of what was there, and what is kept of that is private', () => {
  fs.chmodSync(target, 0o640);
  fs.chmodSync(source.from, 0o666);

  const kept = replace(source);

  expect(fs.statSync(target).mode & 0o777).toBe(0o640);
  expect(fs.statSync(path.join(kept ?? '', path.basename(target))).mode & 0o777).toBe(0o600);
  fs.rmSync(target);
  replace(source);
  expect(fs.statSync(target).mode & 0o777).toBe(0o600);
});

const packs = [shopPack()];
const backUp = (): Promise<BackupRecord> =>
  backupDatabase(
    { path: target, folder: backupFolderOf(target), reason: 'by hand', runId: null, appVersion: '0' },
    packs,
  );
const inputFor = ({ path: backupPath, folder: backupFolder }: BackupRecord) => ({
  ...{ path: target, backupPath, backupFolder, appVersion: '0', allowForeign: false },
  lockFolder: path.join(path.dirname(target), 'locks'),
});

it('a row that is another one after the renaming is noticed, though the file is sound', async () => {
  const backup = await backUp();
  fs.rmSync(target);
  const changeOneLetter = (point: string): void => {
    if (point !== 'replaced') return;
    const bytes = fs.readFileSync(target);
    bytes.write('C', bytes.indexOf('city 1'));
    fs.writeFileSync(target, bytes);
  };

  const restoring = restoreBackup(inputFor(backup), { packs, probe: changeOneLetter });

  expect(await codeOfPromise(restoring)).toBe('E_RESTORE_FAILED');
});

it('over a file that is marked as read-only not even a lock is written', async () => {
  const backup = await backUp();
  fs.chmodSync(target, 0o444);
  const unchanged = filesBeside(target);

  expect(await codeOfPromise(restoreBackup(inputFor(backup), { packs }))).toBe('E_READONLY_FILE');
  expect(filesBeside(target)).toEqual(unchanged);
});
