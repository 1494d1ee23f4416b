import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { fsyncFile } from '@engine/fsync.ts';
import type { Migration, Pack, Proof } from '@engine/migration.ts';
import { verifyResult } from '@engine/verify.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, shopMigrations, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** How the verdict asks, and of what. */

const folder = temporaryFolder();
const change = (file: string, sql: string): void => void new Database(file).exec(sql).close();
const unmet = (file: string, backupPath: string | null, pack: Pack = shopPack()): string[] =>
  verifyResult({ path: file, toPhase: 1, backupPath }, [pack]).checks.flatMap(({ id, state, summary }) =>
    state === 'met' ? [] : [`${id}: ${summary}`],
  );

/** The shop, and what its first step and the condition of its phase were told about edited rows. */
function listening(): { pack: Pack; heard: (boolean | undefined)[] } {
  const heard: (boolean | undefined)[] = [];
  const hear = (proof?: Proof): void => void heard.push(proof?.mayBeEdited);
  const verify: Migration['verify'] = (db, proof) => (hear(proof), addPerson.verify(db));
  const pack = shopPack({ ...shopMigrations, '0001_person': { ...addPerson, verify } });
  const phases = pack.phases.map((phase) => ({
    ...phase,
    exitCriteria: phase.exitCriteria.map((criterion): typeof criterion => ({
      ...criterion,
      check: (db, schema, proof) => (phase.number === 1 && hear(proof), criterion.check(db, schema)),
    })),
  }));
  return { pack: { ...pack, phases }, heard };
}

it('allows for edited rows only where the steps were applied before this run, or nobody knows when', async () => {
  const file = makeShop(folder);
  const { backup } = await upgradeShop(file);
  const made = { path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' };
  const later = await backupDatabase(made, [shopPack()]);
  const { pack, heard } = listening();
  const heardWith = (backupPath: string | null): (boolean | undefined)[] => {
    heard.length = 0;
    expect(unmet(file, backupPath, pack)).toEqual([]);
    return [...heard];
  };

  expect(heardWith(backup?.path ?? '')).toEqual([false, false]);
  expect(heardWith(later.path)).toEqual([true, true]);
  expect(heardWith(null)).toEqual([true, true]);
});

it('takes no step for recorded that was applied from another source', async () => {
  const file = makeShop(folder);
  const { backup } = await upgradeShop(file);

  change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0001_person'`);

  expect(unmet(file, backup?.path ?? null)).toEqual([expect.stringContaining('recorded: It could not be checked')]);
});

it('touches the file by nothing but SQLite while SQLite has it open', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  const shape = () => (fsyncFile(file), []);

  expect(unmet(file, null, shopPack({ ...shopMigrations, '0001_person': { ...addPerson, shape } }))).toEqual([
    expect.stringContaining('a database file was touched while SQLite had it open'),
  ]);
});

it("counts the family's own references, too", async () => {
  const file = makeShop(folder);
  const pack = cleanupShop();
  const { backup } = await upgradeShop(file, { pack, input: { toPhase: 1 } });

  change(file, `PRAGMA foreign_keys = OFF; UPDATE note SET member_id = 'nobody' WHERE id = 3`);

  expect(unmet(file, backup?.path ?? null, pack)).toContain(
    'references: Rows refer to rows that are gone. note: 1 now, 0 before.',
  );
});

it('a reference that could not be checked before is no broken one when it can be', async () => {
  const file = makeShop(folder, { extra: 'PRAGMA foreign_keys = OFF; CREATE TABLE mine (a REFERENCES note (body));' });
  const pack = packWith({ up: (db) => void db.exec('CREATE UNIQUE INDEX bodies ON note (body)') });

  const report = await upgradeShop(file, { pack });

  expect(report.error).toBeUndefined();
  expect(unmet(file, report.backup?.path ?? null, pack)).toEqual([]);
});
