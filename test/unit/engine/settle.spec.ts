import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, expect, it, vi } from 'vitest';
import { restoreLockFile } from '@shared/beside.ts';
import { safetyText } from '@shared/errors.ts';
import { backupDatabase, verifyBackup } from '@engine/backups.ts';
import { startOf } from '@engine/process-life.ts';
import { settle } from '@engine/settle.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];
afterEach(() => void vi.restoreAllMocks());

const lockFolder = path.join(folder, 'locks');
const lockOf = (file: string, pid: number) =>
  fs.writeFileSync(restoreLockFile(file), JSON.stringify({ pid, startedAt: startOf(pid), token: 'abc' }));
const beside = (file: string) => fs.readdirSync(path.dirname(file)).filter((name) => name.includes('.restore-lock'));

it('takes away the lock of a restore that is dead, also beside what is no database any more, and no other', async () => {
  const living = spawn('sleep', ['30']);
  const dead = spawnSync('true').pid;
  const [file, held, destroyed] = [makeShop(folder), makeShop(folder), makeShop(folder)];
  lockOf(file, dead);
  lockOf(held, living.pid ?? 0);
  lockOf(destroyed, dead);
  fs.writeFileSync(destroyed, 'garbage');

  await settle({ path: file, lockFolder });
  await settle({ path: held, lockFolder });
  expect(await codeOfPromise(settle({ path: destroyed, lockFolder }))).toBe('E_NOT_SQLITE');

  expect([file, held, destroyed].map((each) => beside(each).length)).toEqual([0, 1, 0]);
  expect(fs.readdirSync(lockFolder)).toEqual([]);
  living.kill('SIGKILL');
});

it('a copy is named before it is made, never by the name of another, and settled wherever its process was ended', async () => {
  const file = makeShop(folder);
  const named: { partial: string; isMade: boolean }[] = [];
  const open = fs.openSync;
  const backUp = (isEnded: boolean) => {
    vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
      const handle = open(name, ...rest);
      if (isEnded && String(name).endsWith('.partial')) throw new Error('ended here');
      return handle;
    });
    const input = { path: file, folder: backupFolderOf(file), reason: 'before restore', runId: null, appVersion: '0' };
    return backupDatabase(input, packs, ({ partial }) => {
      if (partial !== undefined) named.push({ partial, isMade: fs.existsSync(partial) });
    });
  };
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }); // both in one second
  await expect(backUp(true)).rejects.toThrow('ended here');
  vi.restoreAllMocks();
  await backUp(false);
  vi.useRealTimers();

  expect(named.map(({ isMade }) => isMade)).toEqual([false, false]);
  const [left, other] = named.map(({ partial }) => partial);
  expect(other).toBe(left?.replace('.db.partial', ' 2.db.partial'));
  expect(fs.existsSync(left ?? '')).toBe(true);
  await settle({ path: file, lockFolder, partials: [left ?? ''] });
  expect(fs.readdirSync(backupFolderOf(file)).filter((name) => name.includes('.partial'))).toEqual([]);
});

it('a copy whose name another process took in that very moment is named again: the last name is ours', async () => {
  const file = makeShop(folder);
  const named: string[] = [];
  const input = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const made = await backupDatabase(input, packs, ({ partial }) => {
    if (partial === undefined) return;
    if (named.length === 0) fs.writeFileSync(partial, 'of another');
    named.push(partial);
  });

  expect(named).toHaveLength(2);
  expect(named.at(-1)).toBe(`${made.path}.partial`);
  await settle({ path: file, lockFolder, partials: named.slice(-1) });
  expect(fs.readFileSync(named[0] ?? '', 'utf8')).toBe('of another');
});

it('asked for what lies beside the file alone, it does not open the file', async () => {
  const file = makeShop(folder);
  fs.writeFileSync(`${file}-journal`, Buffer.alloc(512));
  lockOf(file, spawnSync('true').pid);

  await settle({ path: file, lockFolder, isBesideOnly: true });

  expect(fs.readdirSync(path.dirname(file))).toEqual(['shop.db', 'shop.db-journal']);
});

it('of the copies of a dead restore only those go that are of nothing that was played in', async () => {
  const file = makeShop(folder);
  const [mere, only] = ['Abc123', 'Def456'].map((end) => path.join(path.dirname(file), `shop.db replacing-${end}`));
  for (const each of [mere, only]) fs.mkdirSync(each ?? '');
  for (const each of [mere, only]) fs.copyFileSync(file, path.join(each ?? '', 'shop.db'));
  fs.writeFileSync(path.join(only ?? '', 'shop.db-wal'), 'the log that was there');
  lockOf(file, spawnSync('true').pid);

  await settle({ path: file, lockFolder });

  expect([mere, only].map((each) => fs.existsSync(each ?? ''))).toEqual([false, true]);
});

it('an emptied journal that a killed process left goes', async () => {
  const file = makeShop(folder);
  fs.writeFileSync(`${file}-journal`, Buffer.alloc(512));

  await settle({ path: file, lockFolder });

  expect(fs.readdirSync(path.dirname(file))).toEqual(['shop.db']);
});

it('the run that was stopped is noted as stopped, and no other', async () => {
  const file = makeShop(folder);
  const { runId } = await upgradeShop(file);
  const running = `UPDATE _phasewise_runs SET state = 'running'`;
  new Database(file).exec(running).close(); // as it is where its process was killed

  await settle({ path: file, lockFolder, runId: 'another' });
  expect(ask(file, `SELECT state FROM _phasewise_runs`)).toEqual([{ state: 'running' }]);
  await settle({ path: file, lockFolder, runId });
  expect(ask(file, `SELECT state FROM _phasewise_runs`)).toEqual([{ state: 'cancelled' }]);
});

it('a run that came to its end stays as it ended, and no step of it is called begun', async () => {
  const file = makeShop(folder);
  const { runId } = await upgradeShop(file);
  const stateOf = () => ask(file, `SELECT state FROM _phasewise_runs`);
  const ended = stateOf();
  new Database(file).exec(`UPDATE _phasewise_backfills SET state = 'running'`).close();

  const { applied, begun } = await settle({ path: file, lockFolder, runId });

  expect(stateOf()).toEqual(ended);
  expect(applied.length).toBeGreaterThan(0);
  expect(begun).toBeNull();
});

it('of what it is told to take away nothing goes that is a backup, or has a name of others', async () => {
  const file = makeShop(folder);
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const backup = await backupDatabase(made, packs);
  const others = ['notes.partial', 'shop.db.partial', 'mine 2026-01-01 10.00.00 x.db'];
  for (const name of others) fs.writeFileSync(path.join(backup.folder, name), 'not ours');
  const before = fs.readdirSync(backup.folder);

  const partials = [...others.map((name) => path.join(backup.folder, name)), `${backup.path}.partial`];
  await settle({ path: file, lockFolder, partials });

  expect(fs.readdirSync(backup.folder)).toEqual(before);
});

it('a copy that cannot be removed, or whose folder is gone, keeps no file from being put right', async () => {
  const file = makeShop(folder);
  const backups = backupFolderOf(file);
  const name = 'shop 2026-01-01 10.00.00 before phase 1.db.partial';
  fs.mkdirSync(path.join(backups, name), { recursive: true }); // in the place of the copy
  const gone = path.join(path.dirname(file), 'gone');
  fs.writeFileSync(gone, 'a file by now');
  lockOf(file, spawnSync('true').pid);

  await settle({ path: file, lockFolder, partials: [path.join(backups, name), path.join(gone, name)] });

  expect(beside(file)).toEqual([]);
});

it.each(['EIO', 'ESTALE', 'EACCES'])(
  'a backup stays whose manifest cannot be looked at just now (%s)',
  async (code) => {
    const file = makeShop(folder);
    const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
    const backup = await backupDatabase(made, packs);
    const isMeant = (name: fs.PathLike) => name === backup.path.replace(/db$/, 'json');
    const { existsSync, lstatSync } = fs;
    // As Node does: it answers no then, as it does where there is none.
    vi.spyOn(fs, 'existsSync').mockImplementation((name) => !isMeant(name) && existsSync(name));
    vi.spyOn(fs, 'lstatSync').mockImplementation(((name: fs.PathLike, ...rest: never[]) => {
      if (isMeant(name)) throw Object.assign(new Error(code), { code });
      return lstatSync(name, ...rest);
    }) as typeof fs.lstatSync);

    await settle({ path: file, lockFolder, partials: [`${backup.path}.partial`] });

    vi.restoreAllMocks();
    expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
  },
);

it('nothing is said to be untouched where what was noted could not be written back', async () => {
  const file = makeShop(folder, { wal: true });
  const pragma = Database.prototype.pragma;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
    if (args[0] === 'wal_checkpoint(TRUNCATE)') throw new SqliteError('database or disk is full', 'SQLITE_FULL');
    return pragma.apply(this, args);
  });

  await expect(settle({ path: file, lockFolder })).rejects.toMatchObject({
    appError: { code: 'E_NO_SPACE', safety: safetyText.unknown },
  });
});
