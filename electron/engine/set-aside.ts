import {
  quoteName,
  quoteText,
  tableExists,
  type BackfillContext,
  type Db,
  type KeyRange,
  type SqlValue,
} from './migration.ts';

/** What an issue row needs to know about its backfill. */
export interface IssueSource {
  readonly backfillId: string;
  readonly source: string;
  readonly key: string;
  readonly runId: string;
  readonly now: string;
}

type Issue = Parameters<BackfillContext['setAside']>[0];

/**
 * Records the rows of `range` that match as issue rows, each with its whole content, in one statement.
 * @returns how many were recorded; rows that already have an issue of this backfill are left alone.
 */
export function setAside(db: Db, source: IssueSource, range: KeyRange, issue: Issue): number {
  const key = `s.${quoteName(source.key)}`;
  const lower = range.after === null ? '' : `${key} > :pwAfter AND `;
  return record(db, source, issue, `${lower}${key} <= :pwUpTo`, {
    pwUpTo: range.upTo,
    ...(range.after === null ? {} : { pwAfter: range.after }),
  });
}

/** Rows without a key cannot be walked or named, but none may be lost from the account. */
export const setAsideKeyless = (db: Db, source: IssueSource): number =>
  record(db, source, { reason: 'key-missing', where: '1', isPlaced: false }, `s.${quoteName(source.key)} IS NULL`, {});

/**
 * Marks the issue rows of rows without a key that are not in the table any more as they were recorded: the record is all
 * there is of them. Such rows cannot be named, so of equal ones it is as many as are fewer in the table; one that is
 * written afterwards is another row, however equal, which is why this is asked as soon as rows may have left.
 */
export function markKeylessLeft(db: Db, walk: Walk): void {
  const isAny = db.prepare(
    `SELECT 1 FROM main._phasewise_quarantine WHERE backfill_id = ? AND ${isKeylessThere} LIMIT 1`,
  );
  if (isAny.get(walk.id) === undefined || !tableExists(db, walk.source)) return;
  // Numbered on both sides, in one sort: to look for each of many would take hours.
  db.prepare(
    `UPDATE main._phasewise_quarantine SET detail = ${quoteText(LEFT)} WHERE id IN (
       SELECT q.id FROM (
         SELECT id, row_json, row_number() OVER (PARTITION BY row_json ORDER BY id) AS nth
         FROM main._phasewise_quarantine WHERE backfill_id = ? AND ${isKeylessThere}) AS q
       LEFT JOIN (SELECT ${rowAsJson(db, walk.source)} AS row_json, count(*) AS n ${keylessOf(walk)} GROUP BY 1) AS t
         ON t.row_json = q.row_json
       WHERE q.nth > ifnull(t.n, 0))`,
  ).run(walk.id);
}

const keylessOf = ({ source, key }: Walk): string =>
  `FROM main.${quoteName(source)} AS s WHERE s.${quoteName(key)} IS NULL`;

/** A person reads it beside the issue row. */
const LEFT = 'not in its table any more as it was';

/** SQL over the issue rows: one of a row without a key that is not marked. */
export const isKeylessThere = `(source_key IS NULL AND detail <> ${quoteText(LEFT)})`;

/**
 * Rows recorded without a place, per table (name as SQLite compares it). Rows are counted, not issue rows: several
 * backfills may speak of one. Rows without a key cannot be told apart, so the most that one backfill has counts.
 * @param backfillIds of these only; null = of all.
 */
export function countSetAside(db: Db, backfillIds: readonly string[] | null): Map<string, number> {
  if (backfillIds?.length === 0 || !tableExists(db, '_phasewise_quarantine')) return new Map();
  const isTheirs = backfillIds === null ? '1' : `backfill_id IN (SELECT value FROM json_each(:ids))`;
  const rows = db
    .prepare<[{ ids: string }], { name: string; rows: number }>(
      `SELECT name, sum(n) AS rows FROM (
         SELECT lower(source_table) AS name, count(DISTINCT source_key) AS n FROM main._phasewise_quarantine
           WHERE is_placed = 0 AND source_key IS NOT NULL AND ${isTheirs} GROUP BY 1
         UNION ALL SELECT name, max(n) FROM (
           SELECT lower(source_table) AS name, count(*) AS n FROM main._phasewise_quarantine
             WHERE is_placed = 0 AND source_key IS NULL AND ${isTheirs} GROUP BY 1, backfill_id) GROUP BY 1)
       GROUP BY name`,
    )
    .all({ ids: JSON.stringify(backfillIds) });
  return new Map(rows.map(({ name, rows: count }) => [name, count]));
}

/** A walk over a table, by the id of its backfill. */
export interface Walk {
  readonly id: string;
  readonly source: string;
  readonly key: string;
}

/** Per table (name as SQLite compares it): rows recorded by these walks without a place that are not in it any more. */
export function countLeft(db: Db, walks: readonly Walk[]): Map<string, number> {
  const left = new Map<string, number>();
  if (!tableExists(db, '_phasewise_quarantine')) return left;
  for (const [table, own] of Map.groupBy(walks, ({ source }) => source.toLowerCase())) {
    const key = quoteName(own[0]?.key ?? '');
    const name = `main.${quoteName(table)}`;
    const isThere = tableExists(db, table);
    const recorded = `FROM main._phasewise_quarantine AS q WHERE q.is_placed = 0
      AND q.backfill_id IN (SELECT value FROM json_each(:ids))`;
    const isIn = isThere ? `EXISTS (SELECT 1 FROM ${name} AS t WHERE t.${key} = q.source_key)` : '0';
    // Rows without a key cannot be told apart: as many as are fewer than were recorded.
    const keyless = isThere ? `(SELECT count(*) FROM ${name} AS t WHERE t.${key} IS NULL)` : '0';
    const sql = `SELECT (SELECT count(DISTINCT q.source_key) ${recorded} AND q.source_key IS NOT NULL AND NOT ${isIn})
      + max(0, (SELECT count(*) ${recorded} AND q.source_key IS NULL) - ${keyless})`;
    const ids = JSON.stringify(own.map(({ id }) => id));
    const rows = db.prepare<[{ ids: string }], number>(sql).pluck().get({ ids }) ?? 0;
    if (rows > 0) left.set(table, rows);
  }
  return left;
}

function record(db: Db, source: IssueSource, issue: Issue, rangeSql: string, params: Record<string, SqlValue>): number {
  const sql = `
    INSERT INTO main._phasewise_quarantine
      (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
    SELECT :pwBackfill, :pwSource, s.${quoteName(source.key)}, :pwReason, ${detailSql(issue)}, :pwPlaced, ${rowAsJson(db, source.source)}, :pwRun, :pwNow
    FROM main.${quoteName(source.source)} AS s
    WHERE ${rangeSql} AND (${issue.where})
    ON CONFLICT (backfill_id, source_key) DO NOTHING`;
  const bound = {
    ...issue.params,
    ...params,
    pwBackfill: source.backfillId,
    pwSource: source.source,
    pwReason: issue.reason,
    ...(issue.detailSql === undefined ? { pwDetail: issue.detail ?? '' } : {}),
    pwPlaced: issue.isPlaced ? 1 : 0,
    pwRun: source.runId,
    pwNow: source.now,
  };
  return db.prepare(sql).run(bound).changes;
}

/** A detail that comes out NULL or as a number must not fail the row it speaks of; a long one is cut. */
const detailSql = ({ detailSql: sql }: Issue): string =>
  sql === undefined ? ':pwDetail' : `substr(coalesce(CAST((${sql}) AS TEXT), ''), 1, ${LONGEST_DETAIL})`;

/** Characters: a sentence for a person. The whole row is kept beside it. */
const LONGEST_DETAIL = 1_000;

/** Terms per group: SQLite limits the depth of an expression, and a chain of || is as deep as it is long. */
const GROUP = 40;

/**
 * SQL for one value as it stands in an issue row. JSON is written as UTF-8, and a text in UTF-16 may hold half a
 * surrogate pair, which UTF-8 has no bytes for: it would come back as another character. What JSON does not give back
 * byte for byte is kept as its bytes, in the encoding of the file.
 */
const jsonValue = (value: string): string =>
  `CASE typeof(${value}) WHEN 'blob' THEN '{"$blob":"' || hex(${value}) || '"}'
      WHEN 'integer' THEN CAST(${value} AS TEXT)
      WHEN 'text' THEN CASE WHEN CAST(json_extract(json_quote(${value}), '$') AS BLOB) = CAST(${value} AS BLOB) THEN json_quote(${value})
        ELSE '{"$brokenText":"' || hex(${value}) || '"}' END
      ELSE json_quote(${value}) END`;

/**
 * SQL for the row `s` as a JSON object. Written out by hand: json_object refuses blobs and limits its arguments,
 * json_patch drops NULLs. A blob becomes {"$blob": "<hex>"}, text that JSON cannot hold {"$brokenText": "<hex>"};
 * numbers keep every digit.
 */
function rowAsJson(db: Db, table: string): string {
  const columns = db
    .prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1`)
    .pluck()
    .all(table);
  const members = columns.map((name, place) => {
    const label = quoteText(`${place === 0 ? '' : ','}${JSON.stringify(name)}:`);
    return `${label} || ${jsonValue(`s.${quoteName(name)}`)}`;
  });
  const groups = Array.from({ length: Math.ceil(members.length / GROUP) }, (_, at) =>
    members.slice(at * GROUP, (at + 1) * GROUP).join(' || '),
  );
  return `'{' || ${groups.map((group) => `(${group})`).join(' || ')} || '}'`;
}
