import { sqliteCode } from '../sqlite-error.ts';
import type { BrowseSession } from './session.ts';

/** Bytes on disk of every table with its indexes. Empty where this SQLite cannot tell. */
export function tableSizes({ db }: BrowseSession): Record<string, number> {
  try {
    const rows = db
      .prepare<[], { name: string; bytes: number }>(
        `SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
         WHERE d.aggregate = 1 GROUP BY s.tbl_name`,
      )
      .all();
    return Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes]));
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_ERROR') return {};
    throw error;
  }
}
