import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import type { Migration } from '@engine/migration.ts';
import type { RunPoint } from '@engine/session.ts';
import { verifyResult } from '@engine/verify.ts';
import { safetyText } from '@shared/errors.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, measureNotes, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const unmet = (file: string, backupPath: string | null): string[] =>
  verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]).checks.flatMap(({ id, state }) =>
    state === 'met' ? [] : [id],
  );

describe('a repair', () => {
  it('that was stopped when the data held again is finished by the next run', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id = 'm000001'`);
    const control = createControl();
    const cancel = (point: RunPoint) => void (point === 'chunk-committed' && control.request('cancel'));
    const stopped = await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    expect(stopped.error?.code).toBe('E_CANCELLED');
    expect(askOne(file, `SELECT count(*) FROM person`)).toBe(27);
    expect(askOne(file, `SELECT state FROM _phasewise_backfills WHERE source = 'member'`)).toBe('running');

    const report = await upgradeShop(file);

    expect(report).toMatchObject({ ok: true, migrations: [{ id: '0001_person' }] });
    expect(unmet(file, report.backup?.path ?? null)).toEqual([]);
  });

  it('puts a row back that somebody removed from the list of applied steps', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM schema_migrations WHERE version = '0002_note_length'`);

    // measureNotes counts its touches, so only the one step may be applied again.
    const report = await upgradeShop(file);

    expect(report).toMatchObject({ ok: true, migrations: [{ id: '0002_note_length' }] });
    expect(askOne(file, `SELECT count(*) FROM schema_migrations WHERE version = '0002_note_length'`)).toBe(1);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NOTHING_TO_DO');
  });

  it('goes by what it finds, not by what was decided for the first time', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id = 'm000001'`);

    await upgradeShop(file);

    const [row] = ask<{ facts: string }>(
      file,
      `SELECT facts_json AS facts FROM _phasewise_backfills WHERE source = 'member'`,
    );
    expect(JSON.parse(row?.facts ?? '')).toEqual({ mode: 'keep' });
  });

  it('that overwrites what other programs wrote into its own table since is not called harmless', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id = 'm000001'`);
    const report = await upgradeShop(file);
    expect(unmet(file, report.backup?.path ?? null)).toEqual([]);

    change(file, `UPDATE person SET full_name = 'lost' WHERE id = 'm000004'`);

    expect(unmet(file, report.backup?.path ?? null)).toContain('kept');
  });
});

describe('a disk error while it is asked what holds', () => {
  const unreadable = (code: string): never => {
    throw Object.assign(new Error('disk I/O error'), { code });
  };

  it.each([
    ['SQLITE_IOERR_READ', 'E_IO'],
    ['SQLITE_NOMEM', 'E_NO_MEMORY'],
    ['SQLITE_CORRUPT', 'E_CORRUPT'],
  ])('is told, and no step is done again that may well hold: %s', async (code, told) => {
    const file = makeShop(folder);
    await upgradeShop(file);
    const before = ask(file, `SELECT * FROM note`);
    const pack = shopPack({
      ...shopMigrations,
      '0002_note_length': { ...measureNotes, verify: () => unreadable(code) },
    });

    expect(await codeOfPromise(upgradeShop(file, { pack }))).toBe(told);

    expect(ask(file, `SELECT * FROM note`)).toEqual(before);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NOTHING_TO_DO');
  });

  it('is no answer to a criterion of a phase', async () => {
    const file = makeShop(folder);
    const pack = shopPack();
    const check = () => unreadable('SQLITE_IOERR_READ');
    const phases = pack.phases.map((phase) => ({
      ...phase,
      exitCriteria: [{ id: 'unreadable', title: 'Nobody knows', cost: 'schema' as const, check }],
    }));

    const report = await upgradeShop(file, { pack: { ...pack, phases } });

    expect(report).toMatchObject({ ok: false, error: { code: 'E_IO' } });
  });
});

describe('a repair of an early step', () => {
  const log: Migration = {
    ...{ phase: 1, kind: 'expand', title: 'Log', what: [], effect: { grows: ['log'], changes: {} } },
    up: (db) =>
      void db.exec(`CREATE TABLE IF NOT EXISTS log (id TEXT PRIMARY KEY);
        CREATE TRIGGER IF NOT EXISTS _phasewise_log AFTER INSERT ON person BEGIN INSERT OR IGNORE INTO log VALUES (NEW.id); END`),
    shape: () => [],
    verify: () => [],
  };

  it('meets the triggers of later steps, which may add to their own tables, and to no others', async () => {
    const file = makeShop(folder);
    const pack = shopPack({ ...shopMigrations, '0003_log': log });
    await upgradeShop(file, { pack });
    const undeclared = shopPack({ ...shopMigrations, '0003_log': { ...log, effect: { grows: [], changes: {} } } });
    change(file, `DELETE FROM person WHERE id = 'm000001'`);
    expect((await upgradeShop(file, { pack: undeclared })).error?.message).toContain('table log gained 1 rows');

    const report = await upgradeShop(file, { pack });

    expect(report).toMatchObject({ ok: true, migrations: [{ id: '0001_person' }] });
    const { checks } = verifyResult({ path: file, toPhase: 1, backupPath: report.backup?.path ?? null }, [pack]);
    expect(checks.filter(({ state }) => state !== 'met')).toEqual([]);
  });
});

describe('a run without chunks', () => {
  it('can be stopped between two steps', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint, subject: string) =>
      void (point === 'step-applied' && subject === '0001_person' && control.request('cancel'));

    const report = await upgradeShop(file, { control, more: { probe: cancel } });

    expect(report).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' }, migrations: [{ id: '0001_person' }] });
  });

  it('writes nothing more after a disk error', async () => {
    const failing: Migration = {
      ...addPerson,
      up: () => {
        throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
      },
    };
    const file = makeShop(folder);

    const report = await upgradeShop(file, { pack: shopPack({ ...shopMigrations, '0001_person': failing }) });

    expect(report.error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown }); // until the file is opened anew
    expect(askOne(file, `SELECT state FROM _phasewise_runs`)).toBe('running'); // the next run notes that it failed
  });
});
