import { quoteName, quoteText, type Db, type Finding } from '@engine/migration.ts';

/** An old column of a table of the backup, and what its rows have to say afterwards. */
export interface OldColumn {
  readonly backup: string;
  readonly before: string;
  readonly after: string;
  readonly legacy: string;
  /** In the letters of the file, as issue rows have it. */
  readonly name: string;
  /** SQL: the new column of `a` says what the old one of the backup's row `b` did. */
  readonly isSaid: string;
}

/**
 * Values of rows without an id that are nowhere any more. Such a row cannot be found again by its id: it is the one in
 * its place, or some issue row holds its value. Equal values are counted on both sides, so n rows need n accounts, and in
 * one sort: to ask the issue rows for each row would take hours where there are many.
 */
export function keylessLost(db: Db, { backup, before, after, legacy, name, isSaid }: OldColumn): Finding[] {
  const keyless = `${quoteName(backup)}.${before} AS b`;
  const hasAny = db.prepare(`SELECT 1 FROM ${keyless} WHERE b.id IS NULL LIMIT 1`).get() !== undefined;
  if (!hasAny) return [];
  // Rows keep their place in their own table only. An id of NULL is looked up at once, a mere 0 in every row.
  const isInPlace = before === after ? 'a.rowid = b.rowid AND a.id IS NULL' : 'a.id = NULL';
  const values = `SELECT b.${legacy} AS value, NULL AS walk, ifnull(${isSaid}, 0) AS said, b.rowid AS place
      FROM ${keyless} LEFT JOIN main.${after} AS a ON ${isInPlace} WHERE b.id IS NULL AND ifnull(b.${legacy}, '') <> ''
    UNION ALL SELECT ${heldValue('q.row_json', name)}, q.backfill_id, 0, NULL
      FROM main._phasewise_quarantine AS q WHERE q.source_table = '${before}' AND q.source_key IS NULL`;
  // Several walks may note one row: the most that one of them has noted counts.
  const sql = `SELECT there - max(said, noted) AS missing, place FROM (
      SELECT sum(there) AS there, sum(said) AS said, max(noted) AS noted, min(place) AS place FROM (
        SELECT value, count(place) AS there, sum(said) AS said, count(walk) AS noted, min(place) AS place
        FROM (${values}) GROUP BY value COLLATE BINARY, walk)
      GROUP BY value COLLATE BINARY)
    WHERE there > max(said, noted)`;
  const count = db.prepare<[], number>(`SELECT coalesce(sum(missing), 0) FROM (${sql})`).pluck().get() ?? 0;
  if (count === 0) return [];
  const places = db.prepare<[], number>(`SELECT place FROM (${sql}) LIMIT 5`).pluck().all();
  const what = `rows of ${before} without an id whose ${legacy} is nowhere any more`;
  return [{ what, count, sampleKeys: places.map(String), sql }];
}

/** The value of a column as an issue row holds it, with its type; NULL where it holds none or cannot be read. */
export function heldValue(row: string, column: string): string {
  const at = (...path: string[]) =>
    `${row}, ${quoteText(['$', ...path.map((name) => JSON.stringify(name))].join('.'))}`;
  // JSON has neither blobs nor text that is none: their bytes stand in an object.
  return `CASE WHEN json_valid(${row}) THEN CASE json_type(${at(column)})
      WHEN 'object' THEN coalesce(unhex(json_extract(${at(column, '$blob')})), CAST(unhex(json_extract(${at(column, '$brokenText')})) AS TEXT))
      ELSE json_extract(${at(column)}) END END`;
}

/** The same of a column that is gone, whose letters only the issue rows know. @param column in small letters. */
export function heldInAnyLetters(row: string, column: string): string {
  const bytes = (kind: string) => `unhex(json_extract(m.value, '$."${kind}"'))`;
  return `(SELECT CASE m.type WHEN 'object' THEN coalesce(${bytes('$blob')}, CAST(${bytes('$brokenText')} AS TEXT)) ELSE m.value END
    FROM json_each(CASE WHEN json_valid(${row}) THEN ${row} END) AS m WHERE lower(m.key) = ${quoteText(column)})`;
}
