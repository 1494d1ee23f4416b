import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase } from '@engine/backups.ts';
import { sha256File } from '@engine/fsync.ts';
import { replaceByFile, type FileProbe, type NewFile } from '@engine/restore-file.ts';
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

const replace = (file: NewFile, probe?: FileProbe) =>
  replaceByFile(target, [file], { source: 'backup', backupPath: file.from, startedAt: '2026-01-01T00:00:00Z' }, probe);

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
