import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { type AppError, safetyText, toAppError } from '@shared/errors.ts';
import { backupDatabase } from '@engine/backups.ts';
import { finishRestore, restoreBackup } from '@engine/restore.ts';
import type { RestoreDependencies } from '@engine/restore-request.ts';
import type { BackupRecord } from '@shared/run.ts';
import { root } from '../../../build/layout.mjs';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];

async function shopWithBackup(
  options: Parameters<typeof makeShop>[1] = {},
): Promise<{ file: string; backup: BackupRecord }> {
  const file = makeShop(folder, options);
  const backup = await backupDatabase(
    { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' },
    packs,
  );
  return { file, backup };
}

const restore = (file: string, backup: BackupRecord, allowForeign = false, more: Partial<RestoreDependencies> = {}) =>
  restoreBackup(
    { backupPath: backup.path, path: file, backupFolder: backupFolderOf(file), appVersion: '0', allowForeign },
    { packs, lockWaitMs: 200, ...more },
  );
const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const others: ChildProcess[] = [];
async function endOthers(): Promise<void> {
  for (const child of others.splice(0)) {
    const exited = once(child, 'exit');
    if (child.kill('SIGKILL')) await exited;
  }
}
afterEach(endOthers);
const replacedFolders = (file: string) =>
  fs.readdirSync(path.dirname(file)).filter((name) => name.includes(' replaced-'));

describe('a restore into a readable database', () => {
  it.each([{ wal: false }, { wal: true }])(
    'brings every row back, in the same file, and keeps what it replaced (wal: $wal)',
    async ({ wal }) => {
      const { file, backup } = await shopWithBackup({ wal });
      const { ino } = fs.statSync(file);
      await upgradeShop(file);
      change(file, `DELETE FROM note; INSERT INTO setting VALUES ('after', 'the backup')`);

      const { restored, before } = await restore(file, backup);

      expect(restored.id).toBe(backup.id);
      expect(fs.statSync(file).ino).toBe(ino);
      expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
      expect(ask(file, `SELECT name FROM sqlite_schema WHERE name = 'person'`)).toEqual([]);
      expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
      expect(before).toMatchObject({ reason: 'before restore', verified: true });
      expect(askOne(before?.path ?? '', `SELECT value FROM setting WHERE name = 'after'`)).toBe('the backup');
      expect(fs.readdirSync(path.dirname(file)).toSorted()).toEqual(['backups', 'locks', 'shop.db']);
    },
  );

  it('can itself be undone', async () => {
    const { file, backup } = await shopWithBackup();
    change(file, `UPDATE setting SET value = 'newer'`);
    const { before } = await restore(file, backup);
    expect(askOne(file, `SELECT value FROM setting`)).toBe('EUR');

    await restore(file, before ?? backup);

    expect(askOne(file, `SELECT value FROM setting`)).toBe('newer');
  });

  it('works where the database has another page size by now', async () => {
    const { file, backup } = await shopWithBackup({ wal: true });
    change(
      file,
      `PRAGMA journal_mode = DELETE; PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL; DELETE FROM note`,
    );

    await restore(file, backup);

    expect(ask(file, `SELECT count(*) AS notes, (SELECT page_size FROM pragma_page_size) AS size FROM note`)).toEqual([
      { notes: 90, size: 4096 },
    ]);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe('wal');
  });

  it('works over a body that is damaged, and keeps the damaged bytes', async () => {
    const { file, backup } = await shopWithBackup({ members: 200 });
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, Buffer.alloc(3_000, 0x5a), 0, 3_000, 8_192);
    fs.closeSync(handle);
    const damaged = fs.readFileSync(file);

    const { before } = await restore(file, backup);

    expect(before).toBeNull();
    expect(askOne(file, `SELECT count(*) FROM member`)).toBe(200);
    const [kept = ''] = replacedFolders(file);
    expect(fs.readFileSync(path.join(path.dirname(file), kept, 'shop.db')).equals(damaged)).toBe(true);
  });
});

describe('a restore over what SQLite cannot open', () => {
  it.each<[string, (file: string) => void]>([
    ['a smashed header', (file) => writeAt(file, 0, Buffer.alloc(40, 1))],
    ['a file cut short', (file) => fs.truncateSync(file, 5_000)],
    ['an empty file', (file) => fs.truncateSync(file, 0)],
    ['a text file', (file) => fs.writeFileSync(file, 'not a database at all\n'.repeat(100))],
  ])(
    '%s: the old bytes and their sidecars are kept beside it, and no stale log is played over the new file',
    async (_, damage) => {
      const { file, backup } = await shopWithBackup({ wal: true });
      const other = await otherProgram(file, `db.exec("UPDATE setting SET value = 'stale'")`);
      await other.kill();
      damage(file);
      const old = fs.readFileSync(file);
      const wal = fs.readFileSync(`${file}-wal`);

      const { before } = await restore(file, backup);

      expect(before).toBeNull();
      expect(askOne(file, `SELECT value FROM setting`)).toBe('EUR');
      const kept = replacedFolders(file).map((name) => path.join(path.dirname(file), name));
      const isWhole = (keptIn: string) =>
        fs.readFileSync(path.join(keptIn, 'shop.db')).equals(old) &&
        fs.readFileSync(path.join(keptIn, 'shop.db-wal')).equals(wal);
      expect(kept.some(isWhole)).toBe(true);
      expect(isThere(`${file}.restore-stage`)).toBe(false);
    },
  );

  it('a missing file: it is simply put there', async () => {
    const { file, backup } = await shopWithBackup({ wal: true });
    fs.rmSync(file);

    expect(await restore(file, backup)).toMatchObject({ before: null });

    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe('wal');
  });
});

describe('a restore is refused, and nothing is touched', () => {
  const refusals: [string, boolean, string][] = [
    ['reads', false, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`],
    ['is about to write', false, `db.exec('BEGIN IMMEDIATE')`],
    ['merely has it open in WAL mode', true, `db.prepare('SELECT count(*) FROM note').get()`],
    ['writes in WAL mode', true, `db.exec('BEGIN IMMEDIATE')`],
  ];
  it.each(refusals)('while another program %s', async (_, wal, body) => {
    const { file, backup } = await shopWithBackup({ wal });
    const other = await otherProgram(file, body);
    const bytes = fs.readFileSync(file);

    expect(await codeOfPromise(restore(file, backup))).toMatch(/^E_DB_(IN_USE|BUSY)$/);

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    await other.kill();
  });

  it.each([{ stays: true }, { stays: false }])(
    'when somebody comes in between the backup of the old and the copying: better-sqlite3 would say "done" (stays: $stays)',
    async ({ stays }) => {
      const { file, backup } = await shopWithBackup();
      change(file, `UPDATE setting SET value = 'newer'`);
      const old = bytesOf(file);
      let blocker: Database.Database | undefined;
      const slipIn = (point: string) => {
        if (point !== 'unlocked') return;
        blocker = new Database(file);
        blocker.exec('BEGIN');
        blocker.prepare('SELECT * FROM setting').all();
        if (!stays) setTimeout(() => blocker?.close(), 60);
      };

      const error = await errorOf(restore(file, backup, false, { probe: slipIn, patienceMs: 500 }));

      expect(error.code).toBe('E_DB_IN_USE');
      expect(error.message.includes('write-ahead mode')).toBe(stays);
      blocker?.close();
      expect(isThere(intentFile(file))).toBe(false);
      expect(askOne(file, `PRAGMA journal_mode`)).toBe(stays ? 'wal' : 'delete');
      expect(bytesOf(file).equals(old)).toBe(true);
    },
  );

  it.each([{ wal: false }, { wal: true }])(
    'when somebody writes as soon as the lock is gone, and stays or goes (wal: $wal)',
    async ({ wal }) => {
      const { file, backup } = await shopWithBackup({ wal });
      let other: Database.Database | undefined;
      const slipIn = (point: string) => {
        if (point !== 'unlocked') return;
        other = new Database(file);
        other.exec(`INSERT INTO setting VALUES ('slipped', 'in')`);
        if (!wal) other.close();
      };

      expect(await codeOfPromise(restore(file, backup, false, { probe: slipIn }))).toBe('E_STATE_CHANGED');

      other?.close();
      expect(askOne(file, `SELECT value FROM setting WHERE name = 'slipped'`)).toBe('in');
      expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
    },
  );

  it('is not called restored when the file holds other bytes after the copying', async () => {
    const { file, backup } = await shopWithBackup();
    const meddle = (point: string) => void (point === 'copied' && change(file, `UPDATE setting SET value = 'other'`));
    expect(await codeOfPromise(restore(file, backup, false, { probe: meddle }))).toBe('E_RESTORE_FAILED');
  });

  it.each<[string, string, (backup: BackupRecord) => void]>([
    ['was changed by one bit', 'E_BACKUP_CORRUPT', ({ path: file }) => writeAt(file, 5_000, Buffer.from([0xa5, 0x5a]))],
    ['was cut short', 'E_BACKUP_CORRUPT', ({ path: file }) => fs.truncateSync(file, 4_096)],
    ['is gone', 'E_BACKUP_GONE', ({ path: file }) => fs.rmSync(file)],
    ['has no manifest', 'E_BACKUP_FOREIGN', ({ path: file }) => fs.rmSync(file.replace(/db$/, 'json'))],
    [
      'has the manifest of another',
      'E_BACKUP_CORRUPT',
      ({ path: file }) =>
        fs.writeFileSync(
          file.replace(/db$/, 'json'),
          fs.readFileSync(file.replace(/db$/, 'json'), 'utf8').replace('shop.db', 'hops.db'),
        ),
    ],
  ])('when the backup %s', async (_, code, spoil) => {
    const { file, backup } = await shopWithBackup();
    change(file, `UPDATE setting SET value = 'newer'`);
    const bytes = fs.readFileSync(file);
    spoil(backup);

    expect(await codeOfPromise(restore(file, backup))).toBe(code);

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
  });

  it('when it is the backup of another database, unless that is wanted', async () => {
    const { file, backup } = await shopWithBackup();
    const another = makeDatabase(path.dirname(file), `CREATE TABLE mine (a); INSERT INTO mine VALUES (1)`, 'mine.db');

    expect(await codeOfPromise(restore(another, backup))).toBe('E_BACKUP_FOREIGN');
    expect(askOne(another, `SELECT a FROM mine`)).toBe(1);

    const { before } = await restore(another, backup, true);
    expect(askOne(another, `SELECT count(*) FROM note`)).toBe(90);
    expect(askOne(before?.path ?? '', `SELECT a FROM mine`)).toBe(1);
  });

  it('when the target is a folder, the backup itself, or in a folder that is not there', async () => {
    const { file, backup } = await shopWithBackup();
    expect(await codeOfPromise(restore(path.dirname(file), backup))).toBe('E_RESTORE_TARGET');
    expect(await codeOfPromise(restore(backup.path, backup, true))).toBe('E_RESTORE_TARGET');
    expect(await codeOfPromise(restore(path.join(path.dirname(file), 'nowhere', 'shop.db'), backup))).toBe(
      'E_RESTORE_TARGET',
    );
  });

  it('when the target is a link that leads to itself', async () => {
    const { file, backup } = await shopWithBackup();
    const loop = path.join(path.dirname(file), 'loop.db');
    fs.symlinkSync(loop, loop);
    expect(await errorOf(restore(loop, backup))).toMatchObject({ code: 'E_NOT_FOUND', safety: safetyText['not-ours'] });
  });
});

describe('a restore during which another program opens the file', () => {
  const reads = `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`;
  /** Comes in at a moment that nobody can lock, and reads. */
  async function slippedIn(point: string, body: string, patienceMs: number) {
    const { file, backup } = await shopWithBackup();
    change(file, `DELETE FROM note; UPDATE setting SET value = 'newer'`);
    const go = path.join(path.dirname(file), 'go');
    const probe = (reached: string) => {
      if (reached !== point) return;
      const script = `const db = require('better-sqlite3')(${JSON.stringify(file)}); ${body};
        require('node:fs').writeFileSync(${JSON.stringify(go)}, ''); setInterval(() => {}, 1000)`;
      const child = spawn(process.execPath, ['-e', script], { cwd: root, stdio: 'ignore' });
      others.push(child);
      while (!isThere(go)) spawnSync('sleep', ['0.02']);
    };
    const error = await errorOf(restore(file, backup, false, { probe, patienceMs }));
    return { file, backup, error };
  }
  const finish = (file: string) =>
    finishRestore({ path: file, backupFolder: backupFolderOf(file), appVersion: '0' }, { packs, lockWaitMs: 200 });

  it('and keeps reading what was there says that the backup is in, and can be finished once it is gone', async () => {
    const { file, error } = await slippedIn('copying', reads, 200);

    expect(error.code).toBe('E_RESTORE_HELD');
    expect(error.safety).toContain('could not finish checking');
    expect(isThere(intentFile(file))).toBe(true);
    expect(await codeOfPromise(finish(file))).toMatch(/^E_DB_(IN_USE|BUSY)$/);
    await endOthers();

    await finish(file);
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe('delete');
    expect(isThere(intentFile(file))).toBe(false);
  });

  it('and merely has it open says that the backup is in, and is finished once it is gone', async () => {
    const { file, error } = await slippedIn('copied', `db.prepare('SELECT count(*) FROM note').get()`, 200);

    expect(error.code).toBe('E_RESTORE_HELD');
    expect(error.safety).toContain('holds the whole backup');
    expect(await codeOfPromise(finish(file))).toBe('E_RESTORE_HELD');
    await endOthers();

    const { before } = await finish(file);
    expect(askOne(before?.path ?? '', `SELECT value FROM setting`)).toBe('newer');
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    expect(isThere(intentFile(file))).toBe(false);
  });

  it('and is gone a moment later succeeds', async () => {
    const { file, error } = await slippedIn('copying', `${reads}; setTimeout(() => db.close(), 400)`, 5_000);

    expect(error.code).toBe('no error');
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe('delete');
  });
});

async function errorOf(
  promise: Promise<unknown>,
): Promise<AppError | { code: string; message: string; safety: string }> {
  try {
    await promise;
    return { code: 'no error', message: '', safety: '' };
  } catch (error) {
    return toAppError(error);
  }
}

/** Outside the fields that a change of the journal mode and back leaves changed. */
function bytesOf(file: string): Buffer {
  const bytes = fs.readFileSync(file);
  for (const [from, to] of [
    [18, 20],
    [24, 28],
    [92, 96],
  ] as const)
    bytes.fill(0, from, to);
  return bytes;
}

function writeAt(file: string, offset: number, bytes: Buffer): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, bytes, 0, bytes.length, offset);
  fs.closeSync(handle);
}
