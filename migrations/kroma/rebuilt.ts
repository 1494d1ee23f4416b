import { tableExists, type CanonicalTable, type Db } from '@engine/migration.ts';
import { canonical } from './schema/canonical.ts';
import { coreTables } from './schema/canonical-core.ts';
import { notFinal } from './cleanup/final-shape.ts';
import { legacyTables } from './schema/by-rowid.ts';

/** For the plan: what the last phase copies whole. Asks the schema only. */

const REST = '20260221_0027_final_rest';
const tablesOf: Readonly<Record<string, readonly CanonicalTable[]>> = {
  '20260221_0026_final_core': coreTables,
  [REST]: canonical.filter((table) => !coreTables.includes(table)),
};

/**
 * Tables that are copied row by row into their final definition, as the file is now, by the step that does it: such a
 * table is in the file twice until its copy is whole.
 * @param steps ids of the migrations that are about to run.
 */
export const rebuilds = (db: Db, steps: readonly string[]): string[][] =>
  steps
    .filter((step) => Object.hasOwn(tablesOf, step))
    .map((step) => [
      ...(tablesOf[step] ?? [])
        .filter((table) => tableExists(db, table.name) && notFinal(db, table).length > 0)
        .map(({ name }) => name),
      ...(step === REST ? referringToOld(db) : []),
    ]);

/** Tables that somebody added and that refer to one which goes. */
function referringToOld(db: Db): string[] {
  const own = [...canonical.map(({ name }) => name), ...legacyTables];
  return db
    .prepare<[string], string>(
      `SELECT DISTINCT m.name FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table' AND lower(f."table") IN (SELECT value FROM json_each(?))`,
    )
    .pluck()
    .all(JSON.stringify(legacyTables))
    .filter((name) => !own.includes(name.toLowerCase()));
}
