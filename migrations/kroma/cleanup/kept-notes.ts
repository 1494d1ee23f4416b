import type { Db } from '@engine/migration.ts';

/**
 * A walk that begins anew notes what it finds then, and the engine clears what it noted before. Of a row that was put
 * right on the first time (a reference that was emptied, a value that was filled in) the note is all that is left of
 * what it said: such notes move to an account of their own, by the run that wrote them. Part of the cut-over.
 */

/** Before the walks begin. @param walks ids of their accounts. */
export function keepNotes(db: Db, walks: readonly string[]): void {
  // One run may begin twice; nobody else writes meanwhile, so what it noted first is what stays.
  db.prepare(
    `UPDATE OR IGNORE main._phasewise_quarantine SET backfill_id = backfill_id || '/' || run_id
     WHERE is_placed = 1 AND backfill_id IN (SELECT value FROM json_each(?))`,
  ).run(JSON.stringify(walks));
}

/** After them: what was noted again, word for word, is not kept twice. */
export function dropNotedAgain(db: Db, walks: readonly string[]): void {
  const drop = db.prepare(
    `DELETE FROM main._phasewise_quarantine AS q WHERE backfill_id GLOB :walk || '/*' AND EXISTS (
       SELECT 1 FROM main._phasewise_quarantine AS n
       WHERE n.backfill_id = :walk AND n.source_key IS q.source_key AND n.reason = q.reason AND n.row_json = q.row_json)`,
  );
  for (const walk of walks) drop.run({ walk });
}
