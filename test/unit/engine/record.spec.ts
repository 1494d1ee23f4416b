import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { insertApplied } from '@engine/bookkeeping.ts';
import { ensureBookkeeping } from '@engine/bookkeeping-tables.ts';
import { createControl } from '@engine/control.ts';
import { inspect } from '@engine/inspect.ts';
import { newerSchema, recordApplied, supersededIds } from '@engine/ledger.ts';
import type { Db } from '@engine/migration.ts';
import { retryIssues } from '@engine/retry.ts';
import type { RunPoint } from '@engine/session.ts';
import { findUntrue } from '@engine/target.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { cleanupMigrations, cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { inputFor, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a file says was applied: how it is written, and what is made of it. */

const folder = temporaryFolder();
const pack = shopPack();
const detail = { runId: 'run-1', now: '2026-11-21T14:02:33Z', durationMs: 1 };
const [migration] = pack.migrations;
if (migration === undefined) throw new Error('the shop has no migration');
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();

describe('a record is read back', () => {
  const database = (ledger: string): Db => {
    const db = new Database(':memory:');
    db.exec(ledger);
    ensureBookkeeping(db);
    return db;
  };
  const columns = 'version TEXT, note TEXT, applied_at TEXT';

  it('and stands in the list of the program once, not twice', () => {
    const db = database(`CREATE TABLE schema_migrations (${columns});
      CREATE TRIGGER twice AFTER INSERT ON schema_migrations WHEN (SELECT count(*) FROM schema_migrations) = 1
        BEGIN INSERT INTO schema_migrations VALUES (NEW.version, '', ''); END`);

    expect(codeOf(() => recordApplied(db, pack, migration, detail, insertApplied))).toBe('E_LEDGER_TAMPERED');
    db.close();
  });

  it('and is of this source, not of an earlier one that stayed', () => {
    const db = database(`CREATE TABLE schema_migrations (${columns})`);
    recordApplied(db, pack, { ...migration, checksum: 'earlier' }, detail, insertApplied);

    expect(codeOf(() => recordApplied(db, pack, migration, detail, () => {}))).toBe('E_LEDGER_TAMPERED');
    db.close();
  });

  it('and is made in a list of its own where the file has none', () => {
    const db = database('');

    recordApplied(db, pack, migration, detail, insertApplied);

    expect(db.prepare('SELECT version FROM schema_migrations').pluck().all()).toEqual([migration.id]);
    db.close();
  });

  it('but never written into a view', () => {
    const db = database('CREATE VIEW schema_migrations AS SELECT 1 AS version');

    expect(codeOf(() => recordApplied(db, pack, migration, detail, insertApplied))).toBe('E_NAME_COLLISION');
    db.close();
  });
});

describe('a step that this version does not know', () => {
  const older = shopPack({ '0001_person': shopMigrations['0001_person'] });

  it('keeps it from trying issue rows again', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    const { path, backupFolder, lockFolder, appVersion, runId } = inputFor(file);

    expect(await codeOfPromise(retryIssues({ path, backupFolder, lockFolder, appVersion, runId }, [older]))).toBe(
      'E_NEWER_SCHEMA',
    );
  });

  it.each([
    ['2.3.4-beta', 'Phasewise 2.3.4-beta worked on it last'],
    ['<b>click here</b>', null],
    ['9'.repeat(41), null],
  ])('is told with the version that was there last, where "%s" looks like one', async (version, words) => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_runs SET app_version = '${version}'`);

    const { message = '' } = (await inspect(file, 'schema', [older])).file.readOnlyReason ?? {};

    if (words === null) expect(message).toMatch(/^The database lists 1 step that/);
    else expect(message).toContain(words);
  });

  it('is one also where it stands in our own list alone', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM schema_migrations WHERE version = '0002_note_length'`);

    expect((await inspect(file, 'schema', [older])).file.readOnlyReason?.code).toBe('E_NEWER_SCHEMA');
  });

  it('leaves nothing to do or to continue that this version could speak of', async () => {
    const file = makeShop(folder);
    await upgradeShop(file, { input: { toPhase: 0 } });
    change(file, `UPDATE _phasewise_runs SET state = 'failed', to_phase = 1`);
    expect(await inspect(file, 'schema', [pack])).toMatchObject({
      pending: ['0001_person', '0002_note_length'],
      unfinishedRun: { toPhase: 1 },
    });

    change(file, `INSERT INTO schema_migrations VALUES ('0999_later', '', '')`);

    expect(await inspect(file, 'schema', [pack])).toMatchObject({ pending: [], unfinishedRun: null });
  });

  it('is shown with the beginning of its name', () => {
    const db = new Database(makeShop(folder));
    db.exec(`INSERT INTO schema_migrations VALUES ('${'x'.repeat(3000)}', '', '')`);

    expect(newerSchema(db, pack)?.message.length).toBeLessThan(200);
    db.close();
  });
});

it('a step that a later one replaces is asked for until every row of the later one is through', async () => {
  const file = makeShop(folder);
  const cutOver = { ...cleanupMigrations['0003_cut_over'], supersedes: ['0001_person', '0002_note_length'] };
  const shop = cleanupShop({ ...cleanupMigrations, '0003_cut_over': cutOver });
  const control = createControl();
  const probe = (point: RunPoint, id: string) =>
    void (point === 'chunk-committed' && id === '0003_cut_over/photos' && control.request('cancel'));
  const input = { toPhase: 2, isRemovalConfirmed: true };
  const stopped = await upgradeShop(file, { pack: shop, input, control, more: { tuning: manyChunks, probe } });
  expect(stopped.error?.code).toBe('E_CANCELLED');
  change(file, `DELETE FROM person WHERE id = 'm000001'`);
  const db = new Database(file);

  expect([...findUntrue(db, shop)]).toEqual(['0001_person']);
  expect(supersededIds(shop, ['0004_remove'], [])).toEqual(new Set()); // nor is what nobody recorded
  db.close();
});

it('a run that came to no good end is not unfinished where its phase is reached all the same', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  change(file, `UPDATE _phasewise_runs SET state = 'failed'`);

  expect(await inspect(file, 'schema', [pack])).toMatchObject({ phaseReached: 1, unfinishedRun: null });
});
