import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { createBackup, type BackupPoint } from '@engine/backup.ts';
import { backupDatabase, listBackups, verifyBackup } from '@engine/backups.ts';
import { readManifest } from '@engine/manifest.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { safetyText } from '@shared/errors.ts';
import { at, backUpWith } from '../../support/engine/back-up-with.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { ask, askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];

const backUp = (file: string, change: { folder?: string } = {}) =>
  backupDatabase(
    { path: file, folder: change.folder ?? backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0.0.0' },
    packs,
  );

const filesIn = (file: string): string[] => (isThere(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)) : []);

function flipBit(file: string, offset: number): void {
  const handle = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(handle, byte, 0, 1, offset);
  fs.writeSync(handle, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, offset);
  fs.closeSync(handle);
}

describe('a backup', () => {
  it.skipIf(process.platform !== 'linux')(
    'is on the disk, and its name in its folder, before its manifest says that it exists',
    async () => {
      const file = makeShop(folder);
      const flushed: string[] = [];
      const fsync = vi.spyOn(fs, 'fsyncSync').mockImplementation((handle) => {
        flushed.push(fs.readlinkSync(`/proc/self/fd/${handle}`));
        fs.fdatasyncSync(handle);
      });
      try {
        await backUp(file);
      } finally {
        fsync.mockRestore();
      }
      const order = flushed.map((name) => path.basename(name).replace(/^shop .* by hand/, 'shop'));
      expect(order.at(-1)).toBe('backups');
      expect(order.slice(-4, -1)).toEqual(['shop.db.partial', 'backups', expect.stringMatching(/^shop\.json\..*tmp$/)]);
    },
  );

  it('is not begun without room for it and for its trial', async () => {
    const file = makeShop(folder);
    const few = { ...fs.statfsSync(folder), bavail: 3, bsize: 4096 };
    const statfs = vi.spyOn(fs, 'statfsSync').mockReturnValue(few);
    try {
      expect(await codeOfPromise(backUp(file))).toBe('E_BACKUP_NO_SPACE');
    } finally {
      statfs.mockRestore();
    }
    expect(filesIn(file)).toEqual([]);
  });

  it("is not the disk's fault where an index needs what only another program has", async () => {
    const file = makeShop(folder, { extra: 'CREATE INDEX i ON note (abs(id))' });
    const db = new Database(file).unsafeMode();
    db.pragma('writable_schema = 1');
    db.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON note (mine(id))' WHERE name = 'i'`);
    db.close();

    expect(await codeOfPromise(backUp(file))).toBe('E_HOSTILE_SCHEMA');
    expect(filesIn(file)).toEqual([]);
  });

  it('removes what killed backups left, and no file of anybody else', async () => {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    fs.mkdirSync(backups);
    const ours = [
      'shop 2026-01-02 03.04.05 by hand.db.partial',
      'shop 2026-01-02 03.04.05 by hand 2.db.partial.scratch',
    ];
    const theirs = ['download.db.partial', 'film.db.partial.scratch', 'shop.db.partial-journal'];
    for (const name of [...ours, ...theirs]) {
      fs.writeFileSync(path.join(backups, name), 'bytes');
      fs.utimesSync(path.join(backups, name), 1, 1);
    }

    await backUp(file);

    const left = fs.readdirSync(backups);
    expect(left.filter((name) => [...ours, ...theirs].includes(name)).toSorted()).toEqual(theirs.toSorted());
  });

  it('leaves a copy alone that may be proved by a living process, on a computer that slept over night', async () => {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    fs.mkdirSync(backups);
    const living = path.join(backups, 'shop 2026-01-02 03.04.05 by hand.db.partial');
    fs.writeFileSync(living, 'bytes');
    const seconds = Date.now() / 1_000 - 20 * 3_600;
    fs.utimesSync(living, seconds, seconds);

    await backUp(file);

    expect(isThere(living)).toBe(true);
  });

  it.skipIf(process.platform === 'win32')(
    'is made, listed and swept beside a pipe and a device that are named as manifests',
    async () => {
      const file = makeShop(folder);
      const backups = backupFolderOf(file);
      fs.mkdirSync(backups);
      for (const name of ['events.json', 'events.json.removing'])
        execFileSync('mkfifo', [path.join(backups, name)], { timeout: 5_000 });
      fs.symlinkSync('/dev/zero', path.join(backups, 'zero.json'));
      const read = fs.readFileSync;
      const opened: fs.PathOrFileDescriptor[] = [];
      // Reading one would never end: here it is told instead.
      const spy = vi.spyOn(fs, 'readFileSync').mockImplementation(((name: fs.PathOrFileDescriptor) => {
        if (!/events|zero/.test(String(name))) return read(name);
        opened.push(name);
        return Buffer.from('');
      }) as typeof fs.readFileSync);
      try {
        const { id } = await backUp(file);
        expect(listBackups({ folders: [backups], databasePath: null }).map((each) => each.id)).toEqual([id]);
      } finally {
        spy.mockRestore();
      }
      expect(opened).toEqual([]);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'that cannot be looked at is listed as broken, with the reason, and hides no other',
    async () => {
      const file = makeShop(folder);
      const [one, two] = [await backUp(file), await backUp(file)];
      fs.rmSync(one.path);
      fs.symlinkSync(one.path, one.path); // a link to itself

      const listed = listBackups({ folders: [backupFolderOf(file)], databasePath: file });

      expect(listed.map(({ id, state }) => [id, state])).toEqual([
        [two.id, 'verified'],
        [one.id, 'broken'],
      ]);
      expect(listed[1]).toMatchObject({
        verified: false,
        lastCheck: {
          ok: false,
          error: { safety: 'Your database was not changed. Only the backup has a problem.' },
        },
      });
    },
  );

  it('is a private file with a manifest, compared with the original and restored once on trial', async () => {
    const file = makeShop(folder);

    const backup = await backUp(file);

    expect(backup).toMatchObject({
      verified: true,
      state: 'verified',
      databaseName: 'shop.db',
      databasePath: file,
      reason: 'by hand',
      phase: null,
    });
    expect(backup.checks.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'pages met',
      'content met',
      'stored met',
      'restore met',
    ]);
    expect(backup.checks[1]?.summary).toBe('4 tables with 122 rows were compared value by value.');
    expect(path.basename(backup.path)).toMatch(/^shop \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d by hand\.db$/);
    expect(filesIn(file)).toEqual([`${backup.id}.db`, `${backup.id}.json`]);
    expect(filesIn(file).map((name) => fs.statSync(path.join(backup.folder, name)).mode & 0o777)).toEqual([
      0o600, 0o600,
    ]);
    expect(fs.statSync(backup.folder).mode & 0o777).toBe(0o700);
    expect(listBackups({ folders: [backup.folder], databasePath: file })).toEqual([backup]);
  });

  it('holds the rows that are only in the write-ahead log, and leaves the database as it was', async () => {
    const file = makeShop(folder, { wal: true });
    const other = await otherProgram(file, `db.exec("INSERT INTO setting VALUES ('late', 'row')")`);
    const bytes = fs.readFileSync(file);

    const backup = await backUp(file);

    expect(verifyBackup({ backupPath: backup.path, isNoted: false }).state).toBe('verified');
    // It is in rollback mode itself, so that reading it leaves nothing beside it.
    expect([...fs.readFileSync(backup.path).subarray(18, 20)]).toEqual([1, 1]);
    expect(askOne(backup.path, `SELECT value FROM setting WHERE name = 'late'`)).toBe('row');
    expect(filesIn(file)).toEqual([`${backup.id}.db`, `${backup.id}.json`]);
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    await other.kill();
  });

  it('has a name of its own, however many are made in a second', async () => {
    const file = makeShop(folder);
    const made = [await backUp(file), await backUp(file), await backUp(file)];

    expect(new Set(made.map(({ path: name }) => name)).size).toBe(3);
    expect(listBackups({ folders: [backupFolderOf(file)], databasePath: file }).map(({ state }) => state)).toEqual(
      Array(3).fill('verified'),
    );
  });

  it('compares tables without rowid, without any key, with generated columns and with 1,500 columns', async () => {
    const wide = Array.from({ length: 1_500 }, (_, at) => `c${at}`).join(', ');
    const file = makeShop(folder, {
      extra: `CREATE TABLE hidden (rowid, _rowid_, oid); INSERT INTO hidden VALUES (1, 2, 3), (1, 2, 3), (NULL, x'00', 'a');
        CREATE TABLE made (a, b AS (a * 2), c AS (a + 1) STORED); INSERT INTO made (a) VALUES (9007199254740993), (-1.5);
        CREATE TABLE wide (${wide}); INSERT INTO wide (c0, c1499) VALUES (1, CAST(x'ff61' AS TEXT));
        CREATE VIRTUAL TABLE words USING fts5 (text); INSERT INTO words VALUES ('to be found');`,
    });

    expect((await backUp(file)).verified).toBe(true);
  });
});

describe('no backup exists', () => {
  it.each<[string, string]>([
    ['exclusively', `db.exec('BEGIN EXCLUSIVE')`],
    [
      'by a writer that is about to commit',
      `db.pragma('cache_size = 1'); db.exec("BEGIN; UPDATE note SET body = hex(randomblob(2000))")`,
    ],
  ])('while the database is locked %s', async (_, lock) => {
    const file = makeShop(folder);
    const other = await otherProgram(file, lock);

    expect(['E_BACKUP_BUSY', 'E_DB_BUSY']).toContain(await codeOfPromise(backUp(file)));

    expect(filesIn(file)).toEqual([]);
    await other.kill();
  });

  it('when the copy is locked: better-sqlite3 says "done" without having copied anything', async () => {
    const file = makeShop(folder);
    let blocker: Database.Database | undefined;
    const lockCopy = at('reserved', (partial) => {
      blocker = new Database(partial);
      blocker.exec('BEGIN EXCLUSIVE');
    });

    expect(await codeOfPromise(backUpWith(file, lockCopy))).toMatch(/^E_BACKUP_(BUSY|STARVED)$/);

    blocker?.close();
    expect(filesIn(file)).toEqual([]);
  });

  it.each<[BackupPoint, string, (file: string) => void]>([
    [
      'copied',
      'a row of the copy differs',
      (copy) =>
        ask(copy, `SELECT 1`) && new Database(copy).exec(`UPDATE member SET city = 'x' WHERE id = 'm000001'`).close(),
    ],
    [
      'copied',
      'a value has another type',
      (copy) => new Database(copy).exec(`UPDATE note SET body = CAST(body AS BLOB) WHERE id = 1`).close(),
    ],
    ['copied', 'a table of the copy is gone', (copy) => new Database(copy).exec(`DROP TABLE setting`).close()],
    [
      'copied',
      'the copy has one row more',
      (copy) => new Database(copy).exec(`INSERT INTO setting VALUES ('more', '')`).close(),
    ],
    ['copied', 'its user_version differs', (copy) => new Database(copy).exec(`PRAGMA user_version = 7`).close()],
    ['hashed', 'a bit of it flips before the trial restore', (copy) => flipBit(copy, 9_000)],
    ['copied', 'it is cut short', (copy) => fs.truncateSync(copy, 8_192)],
  ])('when, after it was %s, %s', async (point, _, meddle) => {
    const file = makeShop(folder);
    const bytes = fs.readFileSync(file);

    expect(await codeOfPromise(backUpWith(file, at(point, meddle)))).toBe('E_BACKUP_UNVERIFIED');

    expect(filesIn(file)).toEqual([]);
    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
  });

  it('when the disk fills up before its journal mode is set: the journal SQLite leaves goes too', async () => {
    const file = makeShop(folder);
    const fillUp = at('copied', (copy) => {
      fs.writeFileSync(`${copy}-journal`, Buffer.alloc(512));
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    });

    expect(await codeOfPromise(backUpWith(file, fillUp))).toBe('E_BACKUP_NO_SPACE');

    expect(filesIn(file)).toEqual([]);
  });

  it('when it was never finished: a copy without a manifest is not listed', async () => {
    const file = makeShop(folder);
    const { path: made, folder: backups, id } = await backUp(file);
    fs.rmSync(path.join(backups, `${id}.json`));
    fs.copyFileSync(made, path.join(backups, 'half.db.partial'));

    expect(listBackups({ folders: [backups], databasePath: null })).toEqual([]);
  });

  it('when it cannot be looked at once it is listed', async () => {
    const file = makeShop(folder);
    const stat = fs.statSync;
    const spy = vi.spyOn(fs, 'statSync');
    const fail = (listed: string) =>
      spy.mockImplementation(((name: fs.PathLike, ...rest: never[]) => {
        if (name === listed) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'stat' });
        return stat(name, ...rest);
      }) as typeof fs.statSync);
    try {
      expect(await codeOfPromise(backUpWith(file, at('listed', fail)))).toBe('E_BACKUP_UNVERIFIED');
    } finally {
      spy.mockRestore();
    }
    expect(filesIn(file)).toEqual([]);
  });

  it('before a removal, though a phase was applied: it is not said that nothing was', async () => {
    const file = makeShop(folder);
    let copies = 0;
    const spoilSecond = at('copied', (copy) => {
      if ((copies += 1) === 2) new Database(copy).exec('DELETE FROM note').close();
    });

    const { error, migrations } = await upgradeShop(file, {
      pack: cleanupShop(),
      input: { toPhase: 2, isRemovalConfirmed: true },
      more: { backupProbe: spoilSecond },
    });

    expect(migrations.length).toBeGreaterThan(0);
    expect(error?.code).toBe('E_BACKUP_UNVERIFIED');
    expect([error?.message, error?.nextStep].join(' ')).not.toMatch(/nothing was/i);
    expect(error?.safety).toBe(safetyText['whole-step']);
  });

  it('when the database holds nothing to compare', async () => {
    const file = makeShop(folder);
    const empty = new Database(':memory:');
    await expect(
      createBackup(empty, {
        path: file,
        folder: backupFolderOf(file),
        reason: 'x',
        runId: null,
        appVersion: '',
        content: { packId: '', variantTitle: '', phase: null },
      }),
    ).rejects.toThrow(/E_BACKUP/);
    expect(filesIn(file)).toEqual([]);
  });

  it('when the folder is a file, or cannot be written', async () => {
    const file = makeShop(folder);
    expect(await codeOfPromise(backUp(file, { folder: file }))).toBe('E_BACKUP_FOLDER');
    expect(await codeOfPromise(backUp(file, { folder: '/proc/nowhere' }))).toBe('E_BACKUP_FOLDER');
  });
});

describe('checking a backup again', () => {
  it('notes that it is good', async () => {
    const file = makeShop(folder);
    const { path: backupPath, folder: backups } = await backUp(file);

    expect(verifyBackup({ backupPath })).toMatchObject({ state: 'verified', lastCheck: { ok: true, error: null } });
    expect(listBackups({ folders: [backups], databasePath: null })[0]?.lastCheck?.ok).toBe(true);
  });

  it('finds a flipped bit wherever it is, which SQLite alone does not', async () => {
    const { path: backupPath, folder: backups, sizeBytes } = await backUp(makeShop(folder));
    for (let offset = 0; offset < sizeBytes; offset += 499) {
      flipBit(backupPath, offset);
      expect(verifyBackup({ backupPath }), `bit at ${offset}`).toMatchObject({
        state: 'broken',
        lastCheck: { error: { code: 'E_BACKUP_CORRUPT' } },
      });
      flipBit(backupPath, offset);
    }
    expect(listBackups({ folders: [backups], databasePath: null })[0]?.state).toBe('broken');
    expect(verifyBackup({ backupPath }).state).toBe('verified');
  });

  it('that was renamed with its manifest says so, and how it is called again', async () => {
    const { path: backupPath, folder: backups, id } = await backUp(makeShop(folder));
    const named = path.join(backups, 'before upgrade.db');
    fs.renameSync(backupPath, named);
    fs.renameSync(path.join(backups, `${id}.json`), path.join(backups, 'before upgrade.json'));

    const read = readManifest(named);

    expect(read).toMatchObject({ error: { code: 'E_BACKUP_CORRUPT', details: { madeAs: id } } });
    expect(read).toMatchObject({ error: { message: expect.stringContaining(`“${id}.db”: it was renamed`) } });
    expect(read).toMatchObject({ error: { nextStep: expect.stringContaining('rename both back') } });
    expect(codeOf(() => verifyBackup({ backupPath: named }))).toBe('E_BACKUP_CORRUPT');

    fs.renameSync(named, backupPath);
    fs.renameSync(path.join(backups, 'before upgrade.json'), path.join(backups, `${id}.json`));
    expect(verifyBackup({ backupPath }).state).toBe('verified');
  });

  it('says when the file is gone, cut short, or its manifest was changed or is missing', async () => {
    const { path: backupPath, folder: backups, id } = await backUp(makeShop(folder));
    const manifest = path.join(backups, `${id}.json`);
    const text = fs.readFileSync(manifest, 'utf8');
    const bytes = fs.readFileSync(backupPath);

    fs.truncateSync(backupPath, bytes.length - 4096);
    expect(verifyBackup({ backupPath }).lastCheck?.error?.code).toBe('E_BACKUP_CORRUPT');
    fs.rmSync(backupPath);
    expect(verifyBackup({ backupPath })).toMatchObject({
      state: 'missing',
      lastCheck: { error: { code: 'E_BACKUP_GONE' } },
    });
    fs.writeFileSync(backupPath, bytes);
    fs.writeFileSync(manifest, text.replace('"phase": null', '"phase": 1'));
    expect(codeOf(() => verifyBackup({ backupPath }))).toBe('E_BACKUP_CORRUPT');
    expect(listBackups({ folders: [backups], databasePath: null })).toMatchObject([
      { state: 'broken', verified: false },
    ]);
    fs.rmSync(manifest);
    expect(codeOf(() => verifyBackup({ backupPath }))).toBe('E_BACKUP_FOREIGN');
  });
});
