import { coded } from '@shared/errors.ts';
import type { CheckResult } from '@shared/status.ts';
import { fkCensus } from './census.ts';
import { countRows, storedTables } from './compare.ts';
import { openVerifier } from './connection.ts';
import { some } from './counted.ts';
import { markConnected } from './fsync.ts';
import { checkIntegrity } from './integrity.ts';
import type { Db } from './migration.ts';
import { fromSqlite, unsure } from './sqlite-error.ts';

/** What was there when the lock was let go of, and must be there when the file is opened again. */
export interface Expected {
  readonly rows: ReadonlyMap<string, number>;
  /** Violations per table that were there before anything was written. */
  readonly foreignKeys: ReadonlyMap<string, number>;
}

export const rowCounts = (db: Db): ReadonlyMap<string, number> =>
  new Map(storedTables(db, 'main').map(({ name }) => [name, countRows(db, 'main', name)]));

/**
 * Opens the file anew after small changes and asks whether it is whole: integrity, references, rows of every table.
 * @throws CodedError when it cannot be opened; what it holds is unknown then, whatever the code.
 */
export function checkCold(file: string, expected: Expected): CheckResult[] {
  const unmark = markConnected(file);
  let opened: Db | undefined;
  try {
    const db = openVerifier(file);
    opened = db;
    const integrity = checkIntegrity(db);
    const references = fkCensus(db);
    const worse = [...references].filter(([table, count]) => count > Math.max(expected.foreignKeys.get(table) ?? 0, 0));
    const tables = rowCounts(db);
    const differing = [...expected.rows].filter(([table, rows]) => tables.get(table) !== rows);
    return [
      result('integrity', 'The file is sound', integrity.isSound, integrity.lines[0] ?? 'SQLite found no damage.'),
      result(
        'references',
        'No reference was broken',
        worse.length === 0,
        worse.length === 0
          ? 'No more references lead nowhere than before.'
          : `More references of ${worse.map(([table]) => table).join(', ')} lead nowhere than before.`,
      ),
      result(
        'rows',
        'Every row is there',
        differing.length === 0,
        differing.length === 0
          ? `${some(expected.rows.size, 'table')} hold the rows that were written.`
          : `${differing.map(([table]) => table).join(', ')} does not hold the rows that were written.`,
      ),
    ];
  } catch (error) {
    throw unsure(fromSqlite(error, 'checking the file'));
  } finally {
    opened?.close();
    unmark();
  }
}

/** A reference more that leads nowhere is no loss; of a damaged file, or one without its rows, nobody may say that it is safe. */
const HARMLESS = 'references';

/**
 * @param after completes "<after>: what is wrong".
 * @throws CodedError E_VERIFY_FAILED when one of `checks` is not met.
 */
export function requireMet(checks: readonly CheckResult[], after: string): void {
  const unmet = checks.filter(({ state }) => state !== 'met');
  const failed = unmet.find(({ id }) => id !== HARMLESS) ?? unmet[0];
  if (failed === undefined) return;
  const safety = failed.id === HARMLESS ? 'whole-step' : 'unknown';
  throw coded('E_VERIFY_FAILED', `${after}: ${failed.summary}`, { check: failed.id }, { safety });
}

const result = (id: string, title: string, isMet: boolean, summary: string): CheckResult => ({
  ...{ id, title, summary, state: isMet ? 'met' : 'unmet', evidence: [] },
});
