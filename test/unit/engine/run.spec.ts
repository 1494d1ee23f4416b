import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { addColumn, inRange, rangeValues, type Backfill, type Migration } from '@engine/migration.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { RunPoint } from '@engine/session.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, measureNotes, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const chunked = { more: { tuning: manyChunks } };

/** The pack with one migration more, which is to go wrong or to be looked at. */
const packWith = (migration: Partial<Migration>) =>
  shopPack({
    ...shopMigrations,
    '0003_extra': {
      ...{ phase: 1, kind: 'expand', title: 'Extra', what: [], effect: { grows: [], changes: {} } },
      ...{ up: () => {}, shape: () => [], verify: () => [] },
      ...migration,
    },
  });
const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const noteIds = (file: string) =>
  ask(file, `SELECT id FROM _phasewise_migrations ORDER BY seq`).map((row) => Object.values(row as object)[0]);

describe.each([{ wal: false }, { wal: true }])('an upgrade (wal: $wal)', ({ wal }) => {
  it('takes the file to its target behind a verified backup and accounts for every row', async () => {
    const file = makeShop(folder, { wal, members: 30, notesEach: 3 });

    const report = await upgradeShop(file, chunked);

    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({ ok: true, fromPhase: null, toPhase: 1, verified: false });
    expect(report.backfills).toMatchObject([
      { id: '0001_person/persons', expected: 30, moved: 27, alreadyRight: 0, issueRows: 3 },
      { id: '0002_note_length/lengths', expected: 90, moved: 90, alreadyRight: 0, issueRows: 0 },
    ]);
    expect(report.migrations.map(({ id }) => id)).toEqual(['0001_person', '0002_note_length']);
    expect(report.backup).toMatchObject({ verified: true, reason: 'before phase 1' });
    expect(report.tables).toContainEqual({ name: 'person', rowsBefore: null, rowsAfter: 27 });
    expect(report.issues).toEqual([
      { reason: 'no-name', title: 'The member has no name', sourceTable: 'member', count: 3 },
    ]);
    expect(report.checks.map(({ id }) => id)).toEqual(['members', 'all-placed']);
  });

  it('goes on only from runs that the file itself knows', async () => {
    const file = makeShop(folder, { wal });
    const stops = new Error('stopped');
    const probe = (point: RunPoint) => {
      if (point === 'recorded') throw stops;
    };
    await upgradeShop(file, { input: { runId: 'here' }, more: { probe } });
    const report = await upgradeShop(file, { input: { continues: ['elsewhere', 'here'] } });
    expect(report).toMatchObject({ ok: true, continuedRuns: ['here'] });
    const other = await upgradeShop(makeShop(folder, { wal }), { input: { continues: ['elsewhere'] } });
    expect([other.ok, other.continuedRuns]).toEqual([true, undefined]);
  });

  it('keeps the journal mode and the file, and leaves nothing beside it', async () => {
    const file = makeShop(folder, { wal });
    const { ino, mode } = fs.statSync(file);

    await upgradeShop(file);

    expect(fs.statSync(file)).toMatchObject({ ino, mode });
    expect(fs.readdirSync(path.dirname(file)).toSorted()).toEqual(['backups', 'locks', 'shop.db']);
    expect(fs.readdirSync(path.join(path.dirname(file), 'locks'))).toEqual([]);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
  });

  it('records itself in the ledger of the program and in its own tables, and keeps the old rows', async () => {
    const file = makeShop(folder, { wal });

    const { runId, backup } = await upgradeShop(file);

    expect(ask(file, `SELECT version, note FROM schema_migrations ORDER BY version`)).toEqual([
      { version: '0001_person', note: 'Give every member a row in person' },
      { version: '0002_note_length', note: 'Note how long each note is' },
      { version: 'shop_1', note: 'made by the shop' },
    ]);
    expect(ask(file, `SELECT id, state, from_phase, to_phase, backup_sha256 FROM _phasewise_runs`)).toEqual([
      { id: runId, state: 'migrated', from_phase: null, to_phase: 1, backup_sha256: backup?.sha256 },
    ]);
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }, { phase: 1 }]);
  });

  it('lets nobody else write or read from before the backup until it is over', async () => {
    const file = makeShop(folder, { wal });
    const tries: string[] = [];
    const knock = (point: RunPoint) => {
      const script = `try { const D = require('better-sqlite3'); new D(process.argv[1], { timeout: 0 }).prepare('SELECT * FROM setting').all(); console.log('in'); } catch (e) { console.log(e.code); }`;
      if (point !== 'chunk-committed') tries.push(runNode(script, file));
    };

    await upgradeShop(file, { more: { probe: knock } });

    expect(tries.length).toBeGreaterThan(8);
    expect(new Set(tries)).toEqual(new Set(['SQLITE_BUSY']));
  });
});

function runNode(script: string, argument: string): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  return spawnSync(process.execPath, ['-e', script, argument], { encoding: 'utf8' }).stdout.trim();
}

describe('a second run', () => {
  it('has nothing to do, and touches nothing', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    const bytes = fs.readFileSync(file);
    const backups = fs.readdirSync(backupFolderOf(file));

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NOTHING_TO_DO');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(fs.readdirSync(backupFolderOf(file))).toEqual(backups);
  });

  it('repairs what is recorded but no longer true, and the account still closes', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id IN ('m000001', 'm000002')`);

    const report = await upgradeShop(file);

    expect(report).toMatchObject({ ok: true, fromPhase: 0, migrations: [{ id: '0001_person' }] });
    expect(report.backfills).toMatchObject([{ expected: 30, moved: 2, alreadyRight: 25, issueRows: 3 }]);
    expect(askOne(file, `SELECT max(touched) FROM note`)).toBe(1);
  });

  it('refuses a file that a newer version worked on, or whose migration has another source', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0001_person'`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_CHECKSUM_DRIFT');
    change(file, `DELETE FROM _phasewise_migrations WHERE id = '0001_person'`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_LEDGER_TAMPERED');
    change(file, `INSERT INTO schema_migrations VALUES ('0999_from_the_future', '', '')`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NEWER_SCHEMA');
  });
});

describe('a refusal touches nothing', () => {
  it.each<[string, string, Parameters<typeof upgradeShop>[1], string]>([
    ['a phase that this version does not have', '', { input: { toPhase: 2 } }, 'E_PHASE_UNAVAILABLE'],
    ['a database of nobody known', 'DROP TABLE note; DROP TABLE member;', {}, 'E_FOREIGN_DATABASE'],
    ['a view where our table should be', 'CREATE VIEW _phasewise_runs AS SELECT 1 AS id;', {}, 'E_NAME_COLLISION'],
    [
      'a plan that no longer fits',
      '',
      {
        more: {
          assertPlan: () => {
            throw new Error('changed');
          },
        },
      },
      '',
    ],
  ])('%s', async (_, extra, run, code) => {
    const file = makeShop(folder, { extra });
    const before = folderState(path.dirname(file));

    await expect(upgradeShop(file, run)).rejects.toThrow(code);

    expect(folderState(path.dirname(file))['shop.db']).toEqual(before['shop.db']);
    expect(isThere(backupFolderOf(file))).toBe(false);
  });

  it.each([
    ['reads', false, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`, 'E_DB_IN_USE'],
    ['is about to write', false, `db.exec('BEGIN IMMEDIATE')`, 'E_DB_BUSY'],
    ['writes', false, `db.exec('BEGIN EXCLUSIVE')`, 'E_DB_BUSY'],
    ['merely has it open in WAL mode', true, `db.prepare('SELECT count(*) FROM note').get()`, 'E_DB_IN_USE'],
    ['writes in WAL mode', true, `db.exec("BEGIN IMMEDIATE")`, 'E_DB_BUSY'],
  ])('while another program %s', async (_, wal, body, code) => {
    const file = makeShop(folder, { wal });
    const other = await otherProgram(file, body);

    await expect(upgradeShop(file)).rejects.toMatchObject({
      appError: { code, message: expect.stringContaining('process ') },
    });

    expect(isThere(backupFolderOf(file))).toBe(false);
    await other.kill();
    expect((await upgradeShop(file)).ok).toBe(true);
  });

  it('when it is damaged', async () => {
    const file = makeShop(folder, { members: 200 });
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, Buffer.alloc(3_000, 0x5a), 0, 3_000, 8_192);
    fs.closeSync(handle);
    const bytes = fs.readFileSync(file);

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_CORRUPT');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(isThere(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)) : []).toEqual([]);
  });

  it('also of the log that a killed program left', async () => {
    const file = makeShop(folder, { wal: true, extra: 'DROP TABLE note; DROP TABLE member;' });
    const other = await otherProgram(file, `db.exec("INSERT INTO setting VALUES ('left', 'behind')")`);
    await other.kill();
    const before = folderState(path.dirname(file));

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_FOREIGN_DATABASE');

    expect(folderState(path.dirname(file))).toEqual(before);
  });

  it('while this program is working on it already', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const locked = Promise.withResolvers<void>();
    const probe = (point: RunPoint) => {
      if (point !== 'locked') return;
      control.request('pause'); // longer than anybody waits for a process that is about to end
      locked.resolve();
    };
    const first = upgradeShop(file, { control, more: { probe } });
    await locked.promise;

    const second = await codeOfPromise(upgradeShop(file));
    control.request('resume');
    await first;

    expect(second).toBe('E_RUN_ACTIVE');
  });

  it('when the backup cannot be verified: the run does not start', async () => {
    const file = makeShop(folder);
    const bytes = fs.readFileSync(file);
    const spoil = (point: string, copy: string) => point === 'hashed' && fs.appendFileSync(copy, 'x');

    expect(await codeOfPromise(upgradeShop(file, { more: { backupProbe: spoil } }))).toBe('E_BACKUP_UNVERIFIED');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(fs.readdirSync(backupFolderOf(file))).toEqual([]);
  });
});

describe('a step that goes wrong is taken back whole', () => {
  it.each<[string, Partial<Migration>, string, string]>([
    [
      'deletes rows of another table',
      { up: (db) => void db.exec(`DELETE FROM setting`) },
      'E_INVARIANT',
      'table setting has 1 rows less',
    ],
    [
      'adds rows to another table',
      { up: (db) => void db.exec(`INSERT INTO setting VALUES ('a', 'b')`) },
      'E_INVARIANT',
      'setting gained 1 rows',
    ],
    [
      'rebuilds a parent so that its children cascade away',
      { up: (db) => void db.exec(`DELETE FROM note`) },
      'E_INVARIANT',
      'note has 90 rows less',
    ],
    ['drops a table', { up: (db) => void db.exec(`DROP TABLE setting`) }, 'E_INVARIANT', 'table setting is gone'],
    [
      'drops a column',
      { up: (db) => void db.exec(`ALTER TABLE member DROP COLUMN photo`) },
      'E_INVARIANT',
      'column member.photo was changed',
    ],
    [
      'drops the index of somebody',
      { up: (db) => void db.exec(`DROP INDEX by_city`) },
      'E_INVARIANT',
      'index by_city was changed',
    ],
    [
      'fails in its SQL',
      { up: (db) => void db.exec(`INSERT INTO nowhere VALUES (1)`) },
      'E_MIGRATION_FAILED',
      'no such table: nowhere',
    ],
    [
      'does not leave its shape',
      { shape: () => ['the table moon is missing'] },
      'E_VERIFY_FAILED',
      'the table moon is missing',
    ],
    [
      'is not true afterwards',
      { verify: () => [{ what: 'rows astray', count: 2, sampleKeys: ['7'], sql: '' }] },
      'E_VERIFY_FAILED',
      'rows astray (2)',
    ],
    [
      'ends the transaction it was given',
      { up: (db) => void db.exec('COMMIT') },
      'E_MIGRATION_FAILED',
      'ended the transaction',
    ],
  ])('one that %s', async (_, migration, code, text) => {
    const file = makeShop(folder, { extra: 'CREATE INDEX by_city ON member (city);' });

    const report = await upgradeShop(file, { pack: packWith(migration) });

    expect(report).toMatchObject({
      ok: false,
      error: { code, message: expect.stringContaining(text), safety: expect.stringContaining('last completed step') },
    });
    expect(noteIds(file)).toEqual(['0001_person', '0002_note_length']);
    expect(ask(file, `SELECT state FROM _phasewise_runs`)).toEqual([{ state: 'failed' }]);
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }]);
    expect(ask(file, `SELECT name FROM sqlite_schema WHERE name IN ('setting', 'by_city')`)).toHaveLength(2);
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
    expect((await upgradeShop(file)).ok).toBe(true);
  });

  it('one whose rows are skipped by a trigger that somebody added', async () => {
    const file = makeShop(folder, {
      extra: `CREATE TRIGGER shy BEFORE UPDATE ON note WHEN OLD.id = 50 BEGIN SELECT RAISE(IGNORE); END;`,
    });

    const report = await upgradeShop(file, chunked);

    expect(report).toMatchObject({
      ok: false,
      error: { code: 'E_ROWS_SKIPPED', details: { backfill: '0002_note_length/lengths', rows: 7, moved: 6 } },
    });
    expect(askOne(file, `SELECT cursor FROM _phasewise_backfills WHERE source = 'note'`)).toBe(49);
    expect(noteIds(file)).toEqual(['0001_person']);
  });

  it.each<[string, string, string]>([
    ['whose backfill writes where nobody said', `INSERT INTO setting VALUES ('sly', '1')`, 'E_INVARIANT'],
    [
      'whose issue rows vanish',
      `DELETE FROM _phasewise_quarantine WHERE backfill_id = '0003_extra/sly'`,
      'E_ROWS_SKIPPED',
    ],
  ])('one %s', async (_, sql, code) => {
    const sly: Backfill = {
      ...{ name: 'sly', title: 'being sly', source: 'member', key: 'id' },
      chunk(db, range, context) {
        const where = inRange(range, 's.id');
        const issueRows = context.setAside({ reason: 'no-name', where: 's.name IS NULL', isPlaced: true });
        const rows = db.prepare<unknown[], number>(`SELECT count(*) FROM member AS s WHERE ${where}`).pluck();
        db.exec(sql);
        return { moved: 0, issueRows, alreadyRight: (rows.get(rangeValues(range)) ?? 0) - issueRows };
      },
    };
    const file = makeShop(folder);
    const report = await upgradeShop(file, { pack: packWith({ backfills: [sly] }) });
    expect(report.error?.code).toBe(code);
    expect(noteIds(file)).toEqual(['0001_person', '0002_note_length']);
    expect(askOne(file, `SELECT count(*) FROM setting`)).toBe(1);
  });

  it('and a file with more broken references than before does not reach its phase', async () => {
    const file = makeShop(folder);
    const orphan = `INSERT INTO note (id, member_id, body) VALUES (999, 'nobody', 'lost')`;
    const effect = { grows: ['note'], changes: {} };

    const report = await upgradeShop(file, { pack: packWith({ effect, up: (db) => void db.exec(orphan) }) });

    expect(report.error).toMatchObject({
      code: 'E_INVARIANT',
      message: expect.stringContaining('do not exist') as string,
    });
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }]);
  });

  it('one whose ledger row is swallowed by a trigger', async () => {
    const file = makeShop(folder);
    const pack = packWith({
      up(db) {
        db.exec(`CREATE TRIGGER gulp BEFORE INSERT ON schema_migrations BEGIN SELECT RAISE(IGNORE); END`);
      },
    });

    expect(await upgradeShop(file, { pack })).toMatchObject({ ok: false, error: { code: 'E_LEDGER_TAMPERED' } });

    expect(noteIds(file)).toEqual(['0001_person', '0002_note_length']);
    expect(askOne(file, `SELECT count(*) FROM sqlite_schema WHERE name = 'gulp'`)).toBe(0);
  });

  it('one during which the file is replaced by another', async () => {
    const file = makeShop(folder);
    const swap = (point: RunPoint, subject: string) => {
      if (point !== 'step-closing' || subject !== '0002_note_length') return;
      fs.renameSync(file, `${file}.old`);
      fs.copyFileSync(
        path.join(
          backupFolderOf(file),
          fs.readdirSync(backupFolderOf(file)).find((name) => name.endsWith('.db')) ?? '',
        ),
        file,
      );
    };

    const report = await upgradeShop(file, { more: { probe: swap } });

    expect(report).toMatchObject({ ok: false, error: { code: 'E_PATH_CHANGED' } });
    expect(noteIds(`${file}.old`)).toEqual(['0001_person']);
  });

  it('and an exit criterion that is not met leaves the database in the phase before', async () => {
    const file = makeShop(folder);
    const pack = shopPack({ '0001_person': { ...addPerson, verify: () => [], backfills: [] } });

    const report = await upgradeShop(file, { pack });

    expect(report).toMatchObject({
      ok: false,
      error: { code: 'E_VERIFY_FAILED', message: expect.stringContaining('Every named member is a person') },
    });
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }]);
  });
});

describe('A17: whatever of our own throws, and wherever', () => {
  class Thrown extends Error {}

  it('is reported, leaves whole steps, and the next run completes the work', async () => {
    const calls: string[] = [];
    const note = (point: string) => void calls.push(point);
    await upgradeShop(makeShop(folder, { members: 6 }), {
      more: { tuning: manyChunks, probe: note, backupProbe: note },
    });
    const places = [...new Set(calls)].flatMap((point) => {
      const times = calls.filter((each) => each === point).length;
      return [...new Set([1, Math.ceil(times / 2), times])].map((nth) => ({ point, nth }));
    });
    expect(places.length).toBeGreaterThan(25);

    for (const { point, nth } of places) {
      const file = makeShop(folder, { members: 6 });
      const before = fs.readFileSync(file);
      let seen = 0;
      const fail = (at: string): void => {
        if (at === point && (seen += 1) === nth) throw new Thrown(`thrown at ${point}`);
      };
      const more = { tuning: manyChunks, probe: fail, backupProbe: fail };
      const ended = await upgradeShop(file, { more }).catch((error: unknown) => error);

      const where = `${point} ${nth}`;
      if (ended instanceof Error) expect(fs.readFileSync(file).equals(before), where).toBe(true);
      else if (point !== 'finished') expect((ended as { ok: boolean }).ok, where).toBe(false);
      expect(askOne(file, `PRAGMA integrity_check`), where).toBe('ok');
      const left = (fs.readdirSync(path.dirname(file), { recursive: true }) as string[]).filter((name) =>
        /-(wal|shm|journal)$|partial|scratch|locks./.test(name),
      );
      expect(left, where).toEqual([]);
      const again = await upgradeShop(file, { more: { tuning: manyChunks } }).catch((error: unknown) => error);
      if (again instanceof Error) expect(String(again), where).toContain('E_NOTHING_TO_DO');
      else expect(again, where).toMatchObject({ ok: true });
      expect(ask(file, `SELECT DISTINCT touched FROM note`), where).toEqual([{ touched: 1 }]);
    }
  });
});

describe('a backfill', () => {
  it('goes on at its cursor after a cancel, works on no row twice, and closes its account', async () => {
    const file = makeShop(folder);
    const control = createControl();
    let chunks = 0;
    const cancelLater = (point: RunPoint) =>
      void (point === 'chunk-committed' && (chunks += 1) === 9 && control.request('cancel'));

    const stopped = await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancelLater } });
    expect(stopped).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(ask(file, `SELECT state, expected, moved FROM _phasewise_backfills WHERE source = 'note'`)).toEqual([
      { state: 'running', expected: 90, moved: 28 },
    ]);
    const report = await upgradeShop(file, chunked);

    expect(report.ok).toBe(true);
    expect(ask(file, `SELECT DISTINCT touched FROM note`)).toEqual([{ touched: 1 }]);
    expect(report.backfills).toMatchObject([{ id: '0002_note_length/lengths', expected: 90, moved: 90 }]);
    expect(ask(file, `SELECT state FROM _phasewise_runs ORDER BY rowid`)).toEqual([
      { state: 'cancelled' },
      { state: 'migrated' },
    ]);
  });

  it('counts anew what is left when an older program added and removed rows in between', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint, subject: string) =>
      void (point === 'chunk-committed' && subject.startsWith('0001') && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    change(
      file,
      `DELETE FROM member WHERE id = 'm000025'; INSERT INTO member VALUES ('m000099', 'new', 'x', NULL), ('a', 'before the cursor', 'x', NULL), (NULL, NULL, 'no key', NULL)`,
    );

    const report = await upgradeShop(file, chunked);

    expect(report.error).toBeUndefined();
    expect(report.backfills[0]).toMatchObject({ expected: 31, moved: 26, alreadyRight: 1, issueRows: 4 });
    expect(askOne(file, `SELECT count(*) FROM person`)).toBe(28);
  });

  it('begun by another source of the same migration is begun anew, not continued', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint) => void (point === 'chunk-committed' && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    const pack = shopPack();
    const migrations = pack.migrations.map((each) => ({ ...each, checksum: `${each.checksum} edited` }));

    const report = await upgradeShop(file, { ...chunked, pack: { ...pack, migrations } });

    expect(report.error).toBeUndefined();
    expect(report.backfills[0]).toMatchObject({ expected: 30, moved: 20, alreadyRight: 7, issueRows: 3 });
  });

  it('that meets a full disk in a step waits with that step taken back, and goes on when there is room', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const events: EngineRunEvent[] = [];
    let attempts = 0;
    const pack = packWith({
      effect: { grows: ['ballast'], changes: {} },
      up: (db) => {
        attempts += 1;
        const pages = db.pragma('page_count', { simple: true }) as number;
        db.pragma(`max_page_count = ${attempts < 3 ? pages + 2 : 1_000_000}`); // SQLite's own "disk full"
        db.exec(`CREATE TABLE ballast (b); INSERT INTO ballast SELECT zeroblob(50000)`);
      },
    });
    const running = upgradeShop(file, {
      ...{ pack, control },
      more: {
        tuning: manyChunks,
        emit: (event) => {
          events.push(event);
          if (event.type === 'state' && event.state === 'paused') setTimeout(() => control.request('resume'), 5);
        },
      },
    });

    const report = await running;

    expect(report.error).toBeUndefined();
    expect(attempts).toBe(3);
    const told = events.flatMap((event) => (event.type === 'state' && event.attention ? [event.attention] : []));
    expect(told.map(({ code, details }) => [code, typeof details?.['freeBytes']])).toEqual([
      ['E_NO_SPACE', 'number'],
      ['E_NO_SPACE', 'number'],
    ]);
    expect(noteIds(file)).toEqual(['0001_person', '0002_note_length', '0003_extra']);
    expect(askOne(file, `SELECT count(*) FROM ballast`)).toBe(1);
    expect(ask(file, `SELECT DISTINCT touched FROM note`)).toEqual([{ touched: 1 }]);
  });

  it('pauses between two chunks, and goes on when asked', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const events: EngineRunEvent[] = [];
    let chunks = 0;
    const pauseOnce = (point: RunPoint) =>
      void (point === 'chunk-committed' && (chunks += 1) === 5 && control.request('pause'));
    setTimeout(() => control.request('resume'), 700);

    const running = upgradeShop(file, { control, events, more: { tuning: manyChunks, probe: pauseOnce } });
    await new Promise((resolve) => setTimeout(resolve, 450));
    const chunksWhilePaused = chunks;
    const report = await running;

    expect(chunksWhilePaused).toBe(5);
    expect(report.ok).toBe(true);
    const states = events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    expect(states).toEqual(['starting', 'backing-up', 'migrating', 'paused', 'migrating', 'migrating']);
  });

  it('sets aside rows without a key, with every value, however many columns', async () => {
    const many = Array.from({ length: 300 }, (_, at) => `extra${at} DEFAULT ${at}`);
    const file = makeShop(folder, {
      members: 3,
      extra: many.map((column) => `ALTER TABLE member ADD COLUMN ${column};`).join(''),
    });
    change(
      file,
      `INSERT INTO member (id, name, city, photo) VALUES (NULL, 'nobody''s "row"', 9007199254740993, x'00ff'), (NULL, 'again', 1.5, NULL)`,
    );
    const keyless = { ...addPerson, verify: () => [] };
    const pack = shopPack({ '0001_person': keyless });

    const report = await upgradeShop(file, {
      pack: { ...pack, phases: pack.phases.map((phase) => ({ ...phase, exitCriteria: [] })) },
    });

    expect(report.error).toBeUndefined();
    expect(report.backfills).toMatchObject([{ expected: 5, moved: 3, issueRows: 2 }]);
    const [first, second] = ask<{ row_json: string; reason: string }>(
      file,
      `SELECT row_json, reason FROM _phasewise_quarantine`,
    );
    expect(first?.reason).toBe('key-missing');
    expect(first?.row_json).toContain('"city":"9007199254740993"'); // a TEXT column keeps it as text
    expect(JSON.parse(first?.row_json ?? '')).toMatchObject({
      id: null,
      name: `nobody's "row"`,
      photo: { $blob: '00FF' },
      extra299: 299,
    });
    expect(JSON.parse(second?.row_json ?? '')).toMatchObject({ name: 'again', photo: null });
  });

  it('takes rows that the migration itself adds to its source, in another pass', async () => {
    const file = makeShop(folder, { members: 10 });
    const grow: Partial<Migration> = {
      effect: { grows: ['setting'], changes: {} },
      up: (db) => void addColumn(db, 'setting', 'seen', 'INTEGER NOT NULL DEFAULT 0'),
      backfills: [
        {
          ...{ name: 'grow', title: 'growing', source: 'setting', key: 'name' },
          chunk(db, range) {
            const moved = db
              .prepare(`UPDATE setting SET seen = seen + 1 WHERE ${inRange(range, 'name')}`)
              .run(rangeValues(range)).changes;
            db.exec(`INSERT INTO setting (name) SELECT 'z' || count(*) FROM setting HAVING count(*) < 5`);
            return { moved, alreadyRight: 0, issueRows: 0 };
          },
        },
      ],
    };

    for (const tuning of [manyChunks, {}]) {
      const copy = `${file}.${Object.keys(tuning).length}.db`;
      fs.copyFileSync(file, copy);
      const report = await upgradeShop(copy, { pack: packWith(grow), more: { tuning } });
      expect(report.backfills.at(-1)).toMatchObject({ expected: 5, moved: 5 });
      expect(ask(copy, `SELECT DISTINCT seen FROM setting`)).toEqual([{ seen: 1 }]);
    }
  });

  it('walks keys of every type, negative, huge and not valid as text, each exactly once', async () => {
    const file = makeShop(folder, {
      members: 2,
      extra: `CREATE TABLE odd (k PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0);
        INSERT INTO odd (k) VALUES (-5), (0), (9223372036854775807), (-9223372036854775808), (9007199254740993), (1.5), (''), ('a'), ('A'), ('ä'),
          (CAST(x'61ff' AS TEXT)), (CAST(x'61fe' AS TEXT)), (CAST(x'ff' AS TEXT)), ('a' || char(0) || 'b'), (x''), (x'00'), (x'ff'), (NULL);`,
    });
    const walk: Partial<Migration> = {
      backfills: [
        {
          ...{ name: 'odd', title: 'walking', source: 'odd', key: 'k' },
          chunk: (db, range) => ({
            moved: db.prepare(`UPDATE odd SET n = n + 1 WHERE ${inRange(range, 'k')}`).run(rangeValues(range)).changes,
            ...{ alreadyRight: 0, issueRows: 0 },
          }),
        },
      ],
    };
    const report = await upgradeShop(file, {
      pack: packWith(walk),
      more: { tuning: { ...manyChunks, firstChunkRows: 1, maxChunkRows: 1 } },
    });

    expect(report.error).toBeUndefined();
    expect(report.backfills.at(-1)).toMatchObject({ expected: 18, moved: 17, issueRows: 1 });
    expect(ask(file, `SELECT n, count(*) AS rows FROM odd GROUP BY n`)).toEqual([
      { n: 0, rows: 1 },
      { n: 1, rows: 17 },
    ]);
  });

  it('starts over, with its counters at zero, when its shape was taken away meanwhile', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint) => void (point === 'chunk-committed' && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    change(file, `DROP TABLE person`);

    const report = await upgradeShop(file, chunked);

    expect(report.backfills[0]).toMatchObject({ expected: 30, moved: 27, alreadyRight: 0, issueRows: 3 });
    expect(measureNotes.verify).toBeTypeOf('function');
  });
});
