import { quoteName, type Db } from '@engine/migration.ts';

/**
 * Indexes of the event tables, as in their canonical definition. Part of the migrations that import it, and as immutable
 * as they are. Indexes that are there are kept, also those that only differ in direction: other programs may name them.
 */

/** Those of `wanted`, e.g. 'project_id,created_at DESC', that no index over all rows is. */
export function missingIndexes(db: Db, table: string, wanted: readonly string[]): string[] {
  const names = db
    .prepare<[string], string>(`SELECT name FROM pragma_index_list(?) WHERE partial = 0`)
    .pluck()
    .all(table);
  const columns = db.prepare<[string], string>(
    `SELECT ifnull(name, '') || CASE WHEN "desc" THEN ' DESC' ELSE '' END FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno`,
  );
  const present = new Set(names.map((name) => columns.pluck().all(name).join().toLowerCase()));
  return wanted.filter((index) => !present.has(index.toLowerCase()));
}

export function ensureEventIndexes(db: Db, table: string, wanted: readonly string[]): void {
  for (const index of missingIndexes(db, table, wanted))
    db.exec(`CREATE INDEX ${quoteName(freeName(db, table, index))} ON ${table} (${index})`);
}

/** `idx_<table>_<columns>`, numbered when somebody else uses the name. */
function freeName(db: Db, table: string, index: string): string {
  const isTaken = db.prepare<[string], number>(`SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE`).pluck();
  const base = `idx_${table}_${index.replaceAll(',', '_').replaceAll(' DESC', '_desc')}`;
  let name = base;
  for (let number = 2; isTaken.get(name) !== undefined; number++) name = `${base}_${number}`;
  return name;
}
