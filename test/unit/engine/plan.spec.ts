import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createControl } from '@engine/control.ts';
import type * as FileSystemModule from '@engine/file-system.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { planSpace, roomWords, spaceProblem } from '@engine/space.ts';
import { Plan } from '@shared/run.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

// A disk that is full cannot be had without the rights of an administrator.
const disk = vi.hoisted(() => ({ freeBytes: null as number | null }));
vi.mock('@engine/file-system.ts', async (original) => {
  const real = await original<typeof FileSystemModule>();
  return { ...real, freeBytes: (folder: string) => disk.freeBytes ?? real.freeBytes(folder) };
});
afterEach(() => {
  disk.freeBytes = null;
});

const base = temporaryFolder();
const packs = [shopPack()];
const plan = (file: string, toPhase: number | null = null, backupFolder = backupFolderOf(file)) =>
  makePlan({ path: file, toPhase, backupFolder }, packs);
const finding = (made: Plan, id: string) => made.preflight.find((each) => each.id === id);
const blocking = (made: Plan) =>
  made.preflight.filter(({ state }) => state === 'blocking').map(({ error }) => error?.code);
function change(file: string, sql: string): void {
  const db = new Database(file);
  db.pragma('foreign_keys = 0');
  db.exec(sql);
  db.close();
}

describe('the plan', () => {
  it('lists what would be done, for how many rows, and changes nothing', async () => {
    const file = makeShop(base);
    const before = folderState(path.dirname(file));
    const made = await plan(file);

    expect(folderState(path.dirname(file))).toEqual(before);
    expect(Plan.parse(made)).toEqual(made);
    expect(made).toMatchObject({
      packId: 'shop',
      variantId: 'legacy',
      fromPhase: null,
      toPhase: 1,
      removesAnything: false,
    });
    expect(made.steps.map(({ migrationId, reason, rows }) => `${migrationId} ${reason} ${rows}`)).toEqual([
      '0001_person pending 30',
      '0002_note_length pending 90',
    ]);
    expect(blocking(made)).toEqual([]);
    expect(made.timeSeconds?.min).toBeLessThan(made.timeSeconds?.max ?? 0);
  });

  it('says that an index needs a function which only another program has', async () => {
    const file = makeShop(base);
    change(file, 'CREATE INDEX i ON note (abs(id))');
    const db = new Database(file).unsafeMode();
    db.pragma('writable_schema = 1');
    db.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON note (mine(id))' WHERE name = 'i'`);
    db.close();

    expect(blocking(await plan(file))).toEqual(['E_HOSTILE_SCHEMA']);
  });

  it('is empty where everything is applied', async () => {
    const file = makeShop(base);
    await upgradeShop(file);

    expect(await plan(file)).toMatchObject({ fromPhase: 1, toPhase: 1, steps: [], space: { growthBytes: 0 } });
  });

  it('continues what was stopped and repairs what is no longer true', async () => {
    const file = makeShop(base);
    const control = createControl();
    await upgradeShop(file, {
      control,
      more: {
        tuning: manyChunks,
        probe: (point, id) => point === 'chunk' && id.includes('lengths') && control.request('cancel'),
      },
    });
    change(file, 'DROP TABLE person');

    expect((await plan(file)).steps.map(({ reason }) => reason)).toEqual(['repair', 'continue']);
  });

  it('refuses a phase that this version does not have', async () => {
    expect(await codeOfPromise(plan(makeShop(base), 2))).toBe('E_PHASE_UNAVAILABLE');
    expect(await codeOfPromise(plan(makeShop(base), 7))).toBe('E_PHASE_UNAVAILABLE');
  });
});

describe('preflight', () => {
  it('names triggers of others on the tables that are written; those that bear a name of ours it names as that', async () => {
    const trigger = (name: string, table: string) =>
      `CREATE TRIGGER ${name} AFTER INSERT ON ${table} BEGIN SELECT 1; END;`;
    const file = makeShop(base, {
      extra: `CREATE TABLE person (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, town TEXT);
        ${trigger('theirs', 'person')} ${trigger('_phasewise_own', 'person')} ${trigger('elsewhere', 'setting')}`,
    });
    const made = await plan(file);

    expect(blocking(made)).toEqual(['E_NAME_COLLISION', 'E_PREFLIGHT_UNKNOWN_OBJECT']);
    expect(finding(made, 'own-names')?.detail).toContain('trigger _phasewise_own');
    expect(finding(made, 'triggers')?.detail).toContain('theirs on person');
    expect(finding(made, 'triggers')?.error?.details?.['count']).toBe(1);
  });

  it('a read-only file and a backup folder that cannot be used', async () => {
    const file = makeShop(base);
    writeFileSync(path.join(path.dirname(file), 'taken'), '');
    chmodSync(file, 0o444);

    expect(blocking(await plan(file, null, path.join(path.dirname(file), 'taken')))).toEqual([
      'E_READONLY_FILE',
      'E_BACKUP_FOLDER',
    ]);
    chmodSync(file, 0o644);
    const locked = path.join(path.dirname(file), 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o555);
    expect(blocking(await plan(file, null, path.join(locked, 'backups')))).toEqual(['E_BACKUP_FOLDER']);
    expect(blocking(await plan(file, null, 'relative'))).toEqual(['E_BACKUP_FOLDER']);
  });

  it('does not send to another backup folder where that of the database itself is read-only', async () => {
    const own = path.join(path.dirname(makeShop(base)), 'own');
    mkdirSync(own);
    const file = path.join(own, 'shop.db');
    copyFileSync(makeShop(base), file);
    chmodSync(own, 0o555);

    const made = await plan(file, null, `${file} backups`);

    chmodSync(own, 0o755);
    expect(blocking(made)).toEqual(['E_READONLY_DIR', 'E_BACKUP_FOLDER']);
    expect(finding(made, 'backup-folder')?.error?.nextStep).toBe(
      'Copy the file elsewhere, or allow writing to its folder.',
    );
  });

  it('a backup folder that leads nowhere: below a file, behind a dead link', async () => {
    const file = makeShop(base);
    const inFolder = (name: string) => path.join(path.dirname(file), name);
    symlinkSync(inFolder('gone'), inFolder('dangling'));
    symlinkSync(inFolder('loop'), inFolder('loop'));

    expect(blocking(await plan(file, null, path.join(file, 'backups')))).toEqual(['E_BACKUP_FOLDER']);
    for (const name of ['dangling', 'loop', 'loop/backups'])
      expect(await codeOfPromise(plan(file, null, inFolder(name)))).toBe('E_BACKUP_FOLDER');
  });

  it('warns of references to nothing and of programs that have the file open', async () => {
    const file = makeShop(base);
    change(file, `DELETE FROM member WHERE id = 'm000001'`);
    const other = await otherProgram(file, `db.prepare('SELECT count(*) FROM note').get();`);
    const made = await plan(file);
    await other.kill();

    expect(finding(made, 'foreign-keys')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('3 rows') as string,
    });
    const seen = {
      state: 'warning',
      detail: expect.stringMatching(/^Close the file in .+ before you start\.$/) as string,
    };
    expect(finding(made, 'in-use')).toMatchObject(process.platform === 'linux' ? seen : { state: 'ok' });
    expect(blocking(made)).toEqual([]);
  });

  it('shows a migration that was applied from another source', async () => {
    const file = makeShop(base);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0001_person'`);
    const made = await plan(file).catch((error: unknown) => error);

    expect(made).toMatchObject({
      preflight: expect.arrayContaining([expect.objectContaining({ id: 'records', state: 'blocking' })]) as unknown,
    });
  });

  it('counts the space for backup, trial and growth, with numbers', () => {
    const file = makeShop(base);
    const facts = { growthBytes: 50e6, growthBeforeSecond: null, isChanging: true, isWal: true, pageSizeBytes: 4096 };
    const rebuild = { growthBytes: 10e6, writtenBytes: 40e6 };
    const space = planSpace({ file, backupFolder: backupFolderOf(file), databaseBytes: 100e6, rebuild, ...facts });

    expect(space).toMatchObject({ databaseBytes: 100e6, backupBytes: 100e6, growthBytes: 60e6 }); // as expected
    expect(space.needBytes).toBe(space.parts.reduce((sum, { bytes }) => sum + bytes, 0)); // all on one disk
    expect(space.needBytes).toBeGreaterThan(330e6);
    expect(space.parts.map(({ label, disk }) => `${disk}: ${label}`)).toEqual([
      'backup: The backup',
      'backup: A trial copy of the backup',
      'backup: Margin beside the backup',
      'database: Growth of the file',
      'database: Rebuilding tables',
      'database: Write-ahead log',
      'database: Margin beside the database',
      'temporary: Sorting, and statements in hand',
    ]);
    expect(spaceProblem(space, file, 'b')).toBeNull();
    expect(roomWords(space)).toBe('The disk has room enough.');
    expect(roomWords({ ...space, needBytes: space.needBytes - 1 })).toBe('The disks have room enough.');
    expect(spaceProblem({ ...space, backupFreeBytes: 1e6 }, file, 'b')?.code).toBe('E_BACKUP_NO_SPACE');
    const full = spaceProblem({ ...space, freeBytes: 1e6 }, file, 'b');
    expect(full).toMatchObject({ code: 'E_NO_SPACE', details: { needBytes: space.needBytes, freeBytes: 1e6 } });
    expect(full?.message).toContain('has 1.0 MB free.');
    expect(full?.message).not.toContain(full?.safety.slice(0, 19)); // said once, by the safety text
  });
});

describe('the fingerprint', () => {
  const assertWith = async (file: string, fingerprint: string | null) => {
    const db = new Database(file);
    const input = {
      path: file,
      toPhase: 1,
      fingerprint,
      backupFolder: backupFolderOf(file),
      runId: 'r',
      lockFolder: base,
      appVersion: '0',
    };
    try {
      return await codeOfPromise(Promise.try(() => assertPlan(db, shopPack(), 1, input)));
    } finally {
      db.close();
    }
  };

  it('is the same for the same state, in WAL mode too, and asked through a writing connection', async () => {
    for (const wal of [false, true]) {
      const file = makeShop(base, { wal });
      const { fingerprint } = await plan(file);

      expect((await plan(file)).fingerprint).toBe(fingerprint);
      expect(await assertWith(file, fingerprint)).toBeNull();
    }
  });

  it.each([
    ['a row was added', `INSERT INTO member VALUES ('new', 'n', 'c', NULL)`],
    ['the schema changed', 'CREATE INDEX more ON note (body)'],
    ['the list of migrations changed', `UPDATE schema_migrations SET note = 'other'`],
    ['user_version changed', 'PRAGMA user_version = 7'],
  ])('is another one after %s', async (_, sql) => {
    const file = makeShop(base);
    const { fingerprint } = await plan(file);
    change(file, sql);

    expect(await assertWith(file, fingerprint)).toBe('E_STATE_CHANGED');
    expect(await assertWith(file, null)).toBeNull();
  });

  it('a disk that is full by then stops the run', async () => {
    const file = makeShop(base);
    disk.freeBytes = 1_000_000;

    expect(blocking(await plan(file))).toEqual(['E_BACKUP_NO_SPACE']);
    expect(await assertWith(file, null)).toBe('E_BACKUP_NO_SPACE');
  });

  it('the run asks the rest of the preflight again', async () => {
    const file = makeShop(base, {
      extra: 'CREATE TRIGGER theirs AFTER INSERT ON schema_migrations BEGIN SELECT 1; END;',
    });

    expect(await assertWith(file, null)).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');
  });
});
