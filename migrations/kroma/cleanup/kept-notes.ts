import { columnNames, quoteName, quoteText, tableExists, type Db } from '@engine/migration.ts';
import { heldValue } from './carried-keyless.ts';
import { backfillOf, tablesInOrder } from './cut-over-rules.ts';
import { isOther } from './cut-over-values.ts';
import { isTurned } from './final-triggers.ts';

/**
 * A walk that begins anew notes what it finds then, and the engine clears what it noted before. Of a row that was put
 * right on the first time (a reference that was emptied, a value that was filled in), and of one that left its table
 * and whose id somebody has given to another row since, the note is all that is left of what it said: such notes move
 * to an account of their own, by the run that wrote them. Part of the cut-over.
 */

/** An account may hold that run's notes already: one run may begin twice, and what it noted first is what stays. */
const keep = `UPDATE OR IGNORE main._phasewise_quarantine AS q SET backfill_id = backfill_id || '/' || run_id`;

/** Before the walks begin, and before the direction is turned back. @param walks ids of their accounts. */
export function keepNotes(db: Db, walks: readonly string[]): void {
  // Nothing is put right in a row that has no more about it than its word.
  db.prepare(
    `${keep} WHERE is_placed = 1 AND reason <> 'word-not-listed' AND backfill_id IN (SELECT value FROM json_each(?))`,
  ).run(JSON.stringify(walks));
  for (const { name } of tablesInOrder) if (tableExists(db, name)) keepReplaced(db, name);
}

/** Notes of rows that left this table, where a row of the same id does not say all that they do. */
function keepReplaced(db: Db, table: string): void {
  // Rows leave when the direction turns: what a walk that was stopped before has noted is still in its table.
  const hasLeft = isTurned(db)
    ? '1'
    : `q.run_id IS NOT (SELECT b.run_id FROM main._phasewise_backfills AS b WHERE b.id = q.backfill_id)`;
  const isBack = (more: string) => `q.backfill_id = ${quoteText(backfillOf(table))} AND q.is_placed = 0 AND ${hasLeft}
    AND EXISTS (SELECT 1 FROM main.${quoteName(table)} AS s WHERE s.id = q.source_key AND ${more})`;
  const isAny = db.prepare(`SELECT 1 FROM main._phasewise_quarantine AS q WHERE ${isBack('1')} LIMIT 1`).get();
  if (isAny === undefined) return;
  const columns = columnNames(db, table);
  // Column by column: somebody may have added more of them than one condition can ask for.
  for (const name of columns)
    db.exec(`${keep} WHERE ${isBack(isOther(heldValue('q.row_json', name), `s.${quoteName(name)}`))}`);
  const isGone = `EXISTS (SELECT 1 FROM ${membersOf('q')} AS m WHERE m.type <> 'null'
    AND m.key NOT IN (SELECT value FROM json_each(:columns)))`;
  db.prepare(`${keep} WHERE ${isBack(isGone)}`).run({ columns: JSON.stringify(columns) });
}

/** After them: what was noted again is not kept twice. */
export function dropNotedAgain(db: Db, walks: readonly string[]): void {
  const drop = db.prepare(
    `DELETE FROM main._phasewise_quarantine AS q WHERE backfill_id GLOB :walk || '/*' AND EXISTS (
       SELECT 1 FROM main._phasewise_quarantine AS n
       WHERE n.backfill_id = :walk AND n.source_key IS q.source_key AND n.reason = q.reason
         AND (n.row_json = q.row_json OR (q.is_placed = 1 AND :settled <> '[]' AND ${isSaidAgain})))`,
  );
  for (const walk of walks) drop.run({ walk, settled: JSON.stringify(settledColumns(walk)) });
}

/** The note `n` says of the settled columns what `q` does; the row itself still says all else, or has changed since. */
const isSaidAgain = `json_valid(q.row_json) AND NOT EXISTS (SELECT 1 FROM ${membersOf('q')} AS m
  WHERE lower(m.key) IN (SELECT value FROM json_each(:settled)) AND NOT EXISTS (SELECT 1 FROM ${membersOf('n')} AS o
    WHERE o.key = m.key AND o.type = m.type AND o.value IS m.value))`;

/** The members of an issue row; none where it cannot be read. */
function membersOf(row: string): string {
  return `json_each(CASE WHEN json_valid(${row}.row_json) THEN ${row}.row_json END)`;
}

/** Columns that go, or that a walk puts right: of a row that stays, only these are in its note alone. Else none. */
function settledColumns(walk: string): string[] {
  const table = tablesInOrder.find(({ name }) => backfillOf(name) === walk);
  if (table === undefined) return [];
  const put = table.columns.filter(
    ({ references, constraintsPhase }) => references?.onDelete === 'SET NULL' || constraintsPhase !== undefined,
  );
  return [...Object.keys(table.legacyColumns ?? {}), ...put.map(({ name }) => name)];
}
