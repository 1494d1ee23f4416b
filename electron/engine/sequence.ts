import { quoteName, type Db } from './migration.ts';
import type { Removal } from './removal.ts';
import { nameKey } from './schema.ts';

/** Numbers already given out must not be given out again. @returns what is wrong with them, compared with the backup. */
export const sequenceProblems = (db: Db, backup: string, removal: Removal | null): string[] =>
  db
    .prepare<[], string>(
      `SELECT CAST(b.name AS TEXT) FROM (${lastNumbers(backup)}) b LEFT JOIN (${lastNumbers('main')}) a ON a.name = b.name
       WHERE coalesce(a.number, 0) < coalesce(b.number, 0)`,
    )
    .pluck()
    .all()
    .filter((table) => !removal?.tables.has(nameKey(table)))
    .map((table) => `${table} would give out numbers that were used before`);

/**
 * As SQLite reads them: of several rows for a table the first, NULL and text as 0. Any program may write into
 * sqlite_sequence, whose columns have no rules. With min(), the other columns are those of the row that has it.
 */
const lastNumbers = (schema: string): string =>
  `SELECT name, CAST(seq AS INTEGER) AS number, min(rowid) FROM ${quoteName(schema)}.sqlite_sequence
   WHERE name IS NOT NULL GROUP BY name`;
