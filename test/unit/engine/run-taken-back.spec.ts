import fs from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { inRange, rangeValues, type Backfill, type Migration } from '@engine/migration.ts';
import type { RunPoint } from '@engine/session.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { packWith } from '../../support/engine/pack-with.ts';

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());
const chunked = { more: { tuning: manyChunks } };
const noteIds = (file: string) =>
  ask(file, `SELECT id FROM _phasewise_migrations ORDER BY seq`).map((row) => Object.values(row as object)[0]);

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
      message: 'References of note to rows that do not exist: 1 now, 0 before.', // nothing was taken back
    });
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }]);
  });

  const bad = `SELECT 'Tree 4 page 9: bad'`;
  it.each<[string, string, string, () => unknown]>([
    ['the last check of the whole file', '.integrity_check', 'E_VERIFY_FAILED', () => bad],
    [
      'a step',
      'UPDATE nowhere',
      'E_CORRUPT',
      () => {
        throw new SqliteError('database disk image is malformed', 'SQLITE_CORRUPT');
      },
    ],
  ])('and of a file that %s finds damaged nobody says that it is safe', async (_, asked, code, answer) => {
    const file = makeShop(folder);
    let isDamaged = false;
    const really = Database.prototype.prepare;
    vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql: string) {
      if (isDamaged && sql.includes(asked)) return really.call(this, String(answer()));
      return really.call(this, isDamaged && sql.includes('.integrity_check') ? bad : sql);
    } as typeof really);
    const up = (db: Database.Database) => {
      isDamaged = true;
      if (asked.startsWith('UPDATE')) db.prepare('UPDATE nowhere SET a = 1').run();
    };

    const report = await upgradeShop(file, { pack: packWith({ up }) });

    expect(report.error).toMatchObject({ code, safety: safetyText.unknown });
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
