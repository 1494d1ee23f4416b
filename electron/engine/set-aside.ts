import { quoteName, quoteText, type BackfillContext, type Db, type KeyRange, type SqlValue } from './migration.ts';

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

function record(db: Db, source: IssueSource, issue: Issue, rangeSql: string, params: Record<string, SqlValue>): number {
  const sql = `
    INSERT INTO main._phasewise_quarantine
      (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
    SELECT :pwBackfill, :pwSource, s.${quoteName(source.key)}, :pwReason, :pwDetail, :pwPlaced, ${rowAsJson(db, source.source)}, :pwRun, :pwNow
    FROM main.${quoteName(source.source)} AS s
    WHERE ${rangeSql} AND (${issue.where})
    ON CONFLICT (backfill_id, source_key) DO NOTHING`;
  const bound = {
    ...issue.params,
    ...params,
    pwBackfill: source.backfillId,
    pwSource: source.source,
    pwReason: issue.reason,
    pwDetail: issue.detail ?? '',
    pwPlaced: issue.isPlaced ? 1 : 0,
    pwRun: source.runId,
    pwNow: source.now,
  };
  return db.prepare(sql).run(bound).changes;
}

/** Terms per group: SQLite limits the depth of an expression, and a chain of || is as deep as it is long. */
const GROUP = 40;

/**
 * SQL for the row `s` as a JSON object. Written out by hand: json_object refuses blobs and limits its arguments,
 * json_patch drops NULLs. A blob becomes {"$blob": "<hex>"}; numbers keep every digit.
 */
function rowAsJson(db: Db, table: string): string {
  const columns = db
    .prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1`)
    .pluck()
    .all(table);
  const members = columns.map((name, place) => {
    const value = `s.${quoteName(name)}`;
    const label = quoteText(`${place === 0 ? '' : ','}${JSON.stringify(name)}:`);
    return `${label} || CASE typeof(${value}) WHEN 'blob' THEN '{"$blob":"' || hex(${value}) || '"}'
      WHEN 'integer' THEN CAST(${value} AS TEXT) ELSE json_quote(${value}) END`;
  });
  const groups = Array.from({ length: Math.ceil(members.length / GROUP) }, (_, at) =>
    members.slice(at * GROUP, (at + 1) * GROUP).join(' || '),
  );
  return `'{' || ${groups.map((group) => `(${group})`).join(' || ')} || '}'`;
}
