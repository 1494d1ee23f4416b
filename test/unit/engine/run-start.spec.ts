import { lstatSync } from 'node:fs';
import Database, { SqliteError } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { stampOf } from '@shared/file-stamp.ts';
import { createControl } from '@engine/control.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { RunPoint } from '@engine/session.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { cleanupMigrations, cleanupShop, removeOld } from '../../support/engine/cleanup-shop.ts';
import { backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

/** What a run asks of the file before anything starts, its backups, and what it says of the file when it lets go. */

const folder = temporaryFolder();
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const toEnd = { toPhase: 2, isRemovalConfirmed: true };

it.each([
  [
    'a trigger on the list of applied steps',
    'CREATE TRIGGER t AFTER INSERT ON schema_migrations BEGIN SELECT 1; END;',
    'E_LEDGER_TAMPERED',
  ],
  [
    'a step that is listed twice',
    `DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version, note, applied_at);
     INSERT INTO schema_migrations VALUES ('shop_1', '', ''), ('shop_1', '', '');`,
    'E_LEDGER_TAMPERED',
  ],
])('%s is refused before there is a backup', async (_, extra, code) => {
  const file = makeShop(folder, { extra });

  expect(await codeOfPromise(upgradeShop(file))).toBe(code);

  expect(isThere(backupFolderOf(file))).toBe(false);
});

it('so is a trigger on one of our own tables', async () => {
  const file = makeShop(folder);
  await upgradeShop(file, { input: { toPhase: 0 } });
  change(file, 'CREATE TRIGGER t AFTER INSERT ON _phasewise_runs BEGIN SELECT 1; END');

  expect(await codeOfPromise(upgradeShop(file))).toBe('E_LEDGER_TAMPERED');
});

it('what goes wrong before the backup is whole has changed nothing, and says so', async () => {
  const assertPlan = (): never => {
    throw new SqliteError('disk I/O error', 'SQLITE_IOERR_READ');
  };

  await expect(upgradeShop(makeShop(folder), { more: { assertPlan } })).rejects.toMatchObject({
    appError: { code: 'E_IO', safety: safetyText.untouched },
  });
});

it('a phase that removes something and was begun is ended; no run goes to one before it', async () => {
  const file = makeShop(folder);
  const control = createControl();
  const probe = (point: RunPoint, id: string) =>
    void (point === 'chunk-committed' && id === '0003_cut_over/notes' && control.request('cancel'));
  await upgradeShop(file, { pack: cleanupShop(), input: toEnd, control, more: { tuning: manyChunks, probe } });
  change(file, `DELETE FROM person WHERE id = 'm000001'`); // or there would be nothing to do

  expect(await codeOfPromise(upgradeShop(file, { pack: cleanupShop(), input: { toPhase: 1 } }))).toBe('E_INTERRUPTED');
});

it('waiting for room in a phase that removes something needs no third backup', async () => {
  let attempts = 0;
  const full = cleanupShop({
    ...cleanupMigrations,
    '0004_remove': {
      ...removeOld,
      up(db, context) {
        if ((attempts += 1) === 1) throw new SqliteError('database or disk is full', 'SQLITE_FULL');
        removeOld.up(db, context);
      },
    },
  });
  const control = createControl();
  const emit = (event: EngineRunEvent): void => {
    if (event.type === 'state' && event.state === 'paused') setTimeout(() => control.request('resume'), 5);
  };

  const report = await upgradeShop(makeShop(folder), { pack: full, input: toEnd, control, more: { emit } });

  expect([report.error, attempts]).toEqual([undefined, 2]);
  expect(report.backups?.map(({ reason }) => reason)).toEqual(['before phase 2', 'before phase 2 removes anything']);
});

it.each([false, true])('says as what it left the file, so that who writes later is noticed (wal: %s)', async (wal) => {
  const file = makeShop(folder, { wal });

  const { leftAs } = await upgradeShop(file);

  expect(leftAs).toEqual(stampOf(lstatSync(file, { bigint: true })));
});
