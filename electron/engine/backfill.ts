import { coded } from '@shared/errors.ts';
import { readBackfills, type AddedShape, type BackfillRow } from './bookkeeping.ts';
import {
  inRange,
  quoteName,
  rangeValues,
  tableExists,
  type Backfill,
  type BackfillContext,
  type Db,
  type IdentifiedMigration,
  type KeyRange,
  type SqlValue,
  type StepContext,
} from './migration.ts';
import {
  isKeylessThere,
  markKeylessLeft,
  setAside,
  setAsideKeyless,
  type IssueSource,
  type Walk,
} from './set-aside.ts';

/**
 * One backfill's walk over its source: where it stands is a row of `_phasewise_backfills`, changed in the transaction
 * of the rows it speaks of. Everything here runs inside the caller's transaction.
 */
export interface BackfillWork {
  readonly id: string;
  readonly migration: IdentifiedMigration;
  readonly backfill: Backfill;
}

export interface ChunkResult {
  readonly rows: number;
  readonly issueRows: number;
  /** Nothing was left up to the bound; no chunk was run. */
  readonly isDone: boolean;
}

export const nothingAdded: AddedShape = { tables: [], columns: {} };

export const workOf = (migration: IdentifiedMigration): BackfillWork[] =>
  (migration.backfills ?? []).map((backfill) => ({ id: `${migration.id}/${backfill.name}`, migration, backfill }));

export const storedBackfill = (db: Db, work: BackfillWork): BackfillRow | undefined =>
  readBackfills(db).find(({ id }) => id === work.id);

/**
 * Sets the cursor before the first row, freezes the bound and the number of rows expected. Issue rows of an earlier
 * attempt go, except those that hold a row which has left its table since: nothing else has it. They count again.
 */
export function startBackfill(db: Db, work: BackfillWork, context: StepContext, added: AddedShape): void {
  const isSourceThere = tableExists(db, work.backfill.source);
  if (isSourceThere && mayHaveLeft(work)) markKeylessLeft(db, walkOf(work));
  const hasLeft = isSourceThere
    ? `is_placed = 0 AND CASE WHEN source_key IS NULL THEN NOT ${isKeylessThere}
         ELSE NOT EXISTS (SELECT 1 FROM ${source(work)} AS s WHERE s.${key(work)} = _phasewise_quarantine.source_key) END`
    : 'is_placed = 0';
  db.prepare(`DELETE FROM main._phasewise_quarantine WHERE backfill_id = ? AND NOT (${hasLeft})`).run(work.id);
  const left =
    db
      .prepare<[string], number>(`SELECT count(*) FROM main._phasewise_quarantine WHERE backfill_id = ?`)
      .pluck()
      .get(work.id) ?? 0;
  const keyless = isSourceThere ? setAsideKeyless(db, issueSource(work, context)) : 0;
  // A variant that never had the source has nothing to move.
  const bounds = isSourceThere
    ? `SELECT max(${key(work)}) AS upper, count(*) AS n FROM ${source(work)}`
    : `SELECT NULL AS upper, 0 AS n`;
  db.prepare(
    `INSERT OR REPLACE INTO main._phasewise_backfills (id, migration_id, checksum, source, state, cursor, upper_key, expected, moved,
       already_right, issue_rows, facts_json, added_json, run_id, started_at, finished_at, elapsed_ms)
     SELECT :id, :migrationId, :checksum, :source, 'running', NULL, upper, n + :left, 0, 0, :keyless + :left, :facts, :added, :runId, :now, NULL, 0
     FROM (${bounds})`,
  ).run({
    id: work.id,
    migrationId: work.migration.id,
    checksum: work.migration.checksum,
    source: work.backfill.source,
    keyless,
    left,
    facts: JSON.stringify(context.facts),
    added: JSON.stringify(added),
    runId: context.runId,
    now: context.now,
  });
}

/** Only from a contracting step. */
const mayHaveLeft = ({ migration }: BackfillWork): boolean => migration.kind === 'contract';

/**
 * Continues an interrupted backfill: what is done stays counted, what is left is counted anew, because other programs
 * may have added and removed rows since. Rows they wrote behind the cursor were placed by the triggers.
 */
export function continueBackfill(db: Db, work: BackfillWork, context: StepContext): void {
  if (!tableExists(db, work.backfill.source))
    return startBackfill(db, work, context, storedBackfill(db, work)?.added ?? nothingAdded);
  if (mayHaveLeft(work)) markKeylessLeft(db, walkOf(work));
  const gone = db
    .prepare(`DELETE FROM main._phasewise_quarantine WHERE backfill_id = ? AND ${isKeylessThere}`)
    .run(work.id).changes;
  const keyless = setAsideKeyless(db, issueSource(work, context));
  db.prepare(
    `UPDATE main._phasewise_backfills SET issue_rows = issue_rows + :added, upper_key = (SELECT max(${key(work)}) FROM ${source(work)}),
       state = 'running', finished_at = NULL, run_id = :runId WHERE id = :id`,
  ).run({ id: work.id, added: keyless - gone, runId: context.runId });
  db.prepare(
    `UPDATE main._phasewise_backfills SET expected = moved + already_right + issue_rows + ${countLeft(work)} WHERE id = :id`,
  ).run({ id: work.id });
}

/**
 * Raises the bound to rows that were added beyond it, by triggers or by the migration itself.
 * @returns how many rows that are.
 */
export function extendBound(db: Db, work: BackfillWork): number {
  if (!tableExists(db, work.backfill.source)) return 0;
  const beyond = `CASE WHEN ${stored('upper_key')} IS NULL THEN (SELECT count(${key(work)}) FROM ${source(work)})
    ELSE (SELECT count(*) FROM ${source(work)} WHERE ${key(work)} > ${stored('upper_key')}) END`;
  const added = db.prepare<{ id: string }, number>(`SELECT ${beyond}`).pluck().get({ id: work.id }) ?? 0;
  if (added === 0) return 0;
  db.prepare(
    `UPDATE main._phasewise_backfills SET expected = expected + :added, upper_key = (SELECT max(${key(work)}) FROM ${source(work)}) WHERE id = :id`,
  ).run({ id: work.id, added });
  return added;
}

/**
 * Runs the next chunk of at most `limit` rows.
 * @throws CodedError E_ROWS_SKIPPED when the chunk did not account for every row of its range.
 */
export function runChunk(db: Db, work: BackfillWork, context: StepContext, limit: number): ChunkResult {
  const startedAt = performance.now();
  const { after, upTo, count } = tableExists(db, work.backfill.source) ? nextRange(db, work, limit) : noRange;
  if (count === 0) return { rows: 0, issueRows: 0, isDone: true };
  const range: KeyRange = { after, upTo };
  const { moved, alreadyRight, issueRows } = work.backfill.chunk(db, range, chunkContext(db, work, context, range));
  if (!db.inTransaction) throw new Error('the chunk ended the transaction it was given');
  markLeft(db, work);
  const isWhole = [moved, alreadyRight, issueRows].every((rows) => Number.isSafeInteger(rows) && rows >= 0);
  if (!isWhole || moved + alreadyRight + issueRows !== count) {
    throw coded(
      'E_ROWS_SKIPPED',
      `While ${work.backfill.title}, ${count} rows were to be placed, but ${moved} were moved, ${alreadyRight} were right already and ${issueRows} were set aside.`,
      { backfill: work.id, rows: count, moved, alreadyRight, issueRows },
    );
  }
  db.prepare(
    `UPDATE main._phasewise_backfills SET cursor = :upTo, moved = moved + :moved, already_right = already_right + :alreadyRight,
       issue_rows = issue_rows + :issueRows, elapsed_ms = elapsed_ms + :elapsedMs WHERE id = :id`,
  ).run({ id: work.id, upTo, moved, alreadyRight, issueRows, elapsedMs: Math.ceil(performance.now() - startedAt) });
  return { rows: count, issueRows, isDone: false };
}

/** Asked at once: a row that is written afterwards is another one. */
function markLeft(db: Db, work: BackfillWork): void {
  if (work.backfill.takesRowsOut !== true) return;
  for (const walk of workOf(work.migration).map(walkOf)) markKeylessLeft(db, walk);
}

/** What a chunk over this range is handed. */
export function chunkContext(db: Db, work: BackfillWork, context: StepContext, range: KeyRange): BackfillContext {
  const from = issueSource(work, context);
  return { ...context, backfillId: work.id, setAside: (issue) => setAside(db, from, range, issue) };
}

/**
 * The range of exactly one source row. Bounds go through JavaScript, where a key that is not valid text loses bytes.
 * @returns null when no range means that row alone.
 */
export function oneRow(db: Db, work: BackfillWork, at: SqlValue): KeyRange | null {
  if (typeof at === 'string' && at.includes(LOST_BYTES)) return null; // it may mean a row that only looks the same
  const before = `SELECT max(${key(work)}) FROM ${source(work)} WHERE ${key(work)} < :at`;
  const after = db.prepare<unknown[], SqlValue>(before).pluck().safeIntegers().get({ at }) ?? null;
  const range = { after, upTo: at };
  const rows = `SELECT count(*) FROM ${source(work)} WHERE ${inRange(range, key(work))}`;
  return db.prepare<unknown[], number>(rows).pluck().get(rangeValues(range)) === 1 ? range : null;
}

/** Changes a closed account by what became of rows that were tried again. */
export function adjustAccount(
  db: Db,
  id: string,
  by: { expected: number; moved: number; alreadyRight: number; issueRows: number },
): void {
  db.prepare(
    `UPDATE main._phasewise_backfills SET expected = expected + :expected, moved = moved + :moved,
       already_right = already_right + :alreadyRight, issue_rows = issue_rows + :issueRows WHERE id = :id`,
  ).run({ id, ...by });
}

/**
 * Closes the account.
 * @throws CodedError E_ROWS_SKIPPED unless expected = moved + already right + issue rows, and as many issue rows exist.
 */
export function finishBackfill(db: Db, work: BackfillWork, now: string): void {
  const row = storedBackfill(db, work);
  if (row === undefined) throw coded('E_ROWS_SKIPPED', `The account of ${work.id} is gone.`, { backfill: work.id });
  const gap = accountGap(db, row);
  if (gap !== null) throw coded('E_ROWS_SKIPPED', gap, { backfill: work.id });
  db.prepare(`UPDATE main._phasewise_backfills SET state = 'done', finished_at = ? WHERE id = ?`).run(now, work.id);
}

/** What does not add up in a stored account, in words; null = it closes. */
export function accountGap(db: Db, row: BackfillRow): string | null {
  const { id, expected, moved, alreadyRight, issueRows } = row;
  const recorded = db
    .prepare<[string], number>(`SELECT count(*) FROM main._phasewise_quarantine WHERE backfill_id = ?`)
    .pluck()
    .get(id);
  if (expected !== moved + alreadyRight + issueRows) {
    return `${id}: ${expected} rows were expected, ${moved} moved, ${alreadyRight} already right, ${issueRows} set aside.`;
  }
  return recorded === issueRows
    ? null
    : `${id}: ${issueRows} rows were counted as set aside, but ${recorded ?? 0} are recorded.`;
}

const noRange = { after: null, upTo: null, count: 0 };

/** What JavaScript reads where bytes are no text. */
const LOST_BYTES = '\u{fffd}';

/** The next range by key. Bounds are compared inside SQL, where they keep type and bytes. */
function nextRange(db: Db, work: BackfillWork, limit: number): { after: SqlValue; upTo: SqlValue; count: number } {
  const after =
    db
      .prepare<{ id: string }, SqlValue>(`SELECT ${stored('cursor')}`)
      .pluck()
      .safeIntegers()
      .get({ id: work.id }) ?? null;
  const lower = after === null ? '' : `${key(work)} > :after AND`;
  const bound = after === null ? {} : { after };
  const next = db
    .prepare<Record<string, SqlValue>, [SqlValue, bigint, Buffer | null]>(
      `SELECT max(k), count(*), CAST(max(k) AS BLOB) FROM (SELECT ${key(work)} AS k FROM ${source(work)}
         WHERE ${lower} ${key(work)} <= ${stored('upper_key')} ORDER BY ${key(work)} LIMIT :limit)`,
    )
    .raw()
    .safeIntegers()
    .get({ ...bound, id: work.id, limit });
  const [upTo, count, bytes] = next ?? [null, 0n, null];
  if (count === 0n || isFaithful(db, upTo, bytes)) return { after, upTo, count: Number(count) };
  // A key that is not valid text can't be bound from here. Every text sorts before the empty blob: take them all.
  const rest = `SELECT count(*) FROM ${source(work)} WHERE ${lower} ${key(work)} <= x''`;
  const restCount = db.prepare<Record<string, SqlValue>, number>(rest).pluck().get(bound) ?? 0;
  return { after, upTo: Buffer.alloc(0), count: restCount };
}

/** True when the value, bound as a parameter, has the bytes that stand in the file: another row may look the same. */
const isFaithful = (db: Db, value: SqlValue, bytes: Buffer | null): boolean =>
  typeof value !== 'string' ||
  bytes?.equals(db.prepare<[string], Buffer>('SELECT CAST(? AS BLOB)').pluck().get(value) ?? Buffer.alloc(0)) === true;

const issueSource = ({ id, backfill }: BackfillWork, { runId, now }: StepContext): IssueSource => ({
  ...{ backfillId: id, source: backfill.source, key: backfill.key, runId, now },
});
const walkOf = ({ id, backfill }: BackfillWork): Walk => ({ id, source: backfill.source, key: backfill.key });
const source = (work: BackfillWork): string => `main.${quoteName(work.backfill.source)}`;
const key = (work: BackfillWork): string => quoteName(work.backfill.key);
const stored = (column: string): string => `(SELECT ${column} FROM main._phasewise_backfills WHERE id = :id)`;
/** The source may have columns of any name; within it, ours bear the name of their table. */
const countLeft = (work: BackfillWork): string =>
  `(SELECT count(*) FROM ${source(work)} WHERE ${key(work)} IS NOT NULL
     AND (_phasewise_backfills.cursor IS NULL OR ${key(work)} > _phasewise_backfills.cursor))`;
