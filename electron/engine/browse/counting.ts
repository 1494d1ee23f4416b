import type { Db } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import type { Range } from './order.ts';
import type { Subject } from './subject.ts';

export interface Counted {
  readonly rows: number;
  /** False: there are more. */
  readonly isWhole: boolean;
}

/**
 * Counts matching rows one by one, for about so long: a view may take any time for a row, and any number of rows. While
 * SQLite looks for one row it cannot be stopped.
 */
export function countFor(db: Db, { sql }: Subject, { where, params }: Range, ms: number): Counted {
  const until = performance.now() + ms;
  const statement = db.prepare<SqlValue[], number>(`SELECT 1 FROM ${sql}${where ? ` WHERE ${where}` : ''}`).pluck();
  let rows = 0;
  for (const _ of statement.iterate(...params)) {
    rows += 1;
    if (performance.now() > until) return { rows, isWhole: false };
  }
  return { rows, isWhole: true };
}
