import { coded } from '@shared/errors.ts';
import {
  accountGap,
  adjustAccount,
  chunkContext,
  oneRow,
  storedBackfill,
  workOf,
  type BackfillWork,
} from './backfill.ts';
import { isOwnName } from './bookkeeping.ts';
import { assertEffect, takeCensus } from './census.ts';
import { storedTables } from './compare.ts';
import {
  quoteName,
  tableExists,
  type ChunkCount,
  type Db,
  type IdentifiedMigration,
  type KeyRange,
  type Pack,
  type SourceFiles,
  type SqlValue,
  type StepContext,
} from './migration.ts';

/**
 * The issue rows of one migration, tried again inside the caller's transaction. A backfill's own chunk runs over exactly
 * one row; the accounts are changed with it, so that they still close.
 */
export interface Retried {
  readonly tried: number;
  /** No issue any more: placed, or the row itself is gone. */
  readonly cleared: number;
  /** Cleared, or an issue of another kind now. */
  readonly changed: number;
}

export interface RetryInput {
  readonly db: Db;
  readonly pack: Pack;
  readonly migration: IdentifiedMigration;
  readonly runId: string;
  readonly now: string;
  readonly sourceFiles: SourceFiles | null;
}

interface Retry extends RetryInput {
  readonly work: readonly BackfillWork[];
  /** Whether a backfill asked for files although no folder is known. */
  readonly probe: { wasAsked: boolean };
}

export const openRetry = (input: RetryInput): Retry => ({
  ...input,
  work: workOf(input.migration),
  probe: { wasAsked: false },
});

interface IssueKey {
  readonly id: number;
  readonly backfillId: string;
  readonly key: SqlValue;
}

/** @throws CodedError E_ROWS_SKIPPED when an account does not close, E_INVARIANT for effects that were not declared. */
export function retryMigration(retry: Retry): Retried {
  const { db, pack, migration } = retry;
  const issues = issuesOf(retry);
  if (issues.length === 0) return { tried: 0, cleared: 0, changed: 0 };
  const census = takeCensus(db);
  const isWorkedOut = prepareWorkingTables(retry);
  const results = issues.map((issue) => tryIssue(retry, issue));
  isWorkedOut();
  for (const each of retry.work) assertAccount(db, each);
  // Triggers of later migrations carry on what is placed now, so their tables may grow too.
  const grows = pack.migrations.flatMap(({ effect }) => effect.grows);
  assertEffect(db, census, takeCensus(db), { ...migration, effect: { grows, changes: {} } }, pack);
  return {
    tried: issues.length,
    cleared: results.filter((result) => result === 'cleared').length,
    changed: results.filter((result) => result !== 'same').length,
  };
}

/** Keyless rows cannot be found again, so their issue stays as it is. */
function issuesOf({ db, work }: Retry): IssueKey[] {
  return work
    .filter(({ backfill }) => tableExists(db, backfill.source))
    .flatMap(({ id }) =>
      db
        .prepare<[string], { id: bigint; key: SqlValue }>(
          `SELECT id, source_key AS key FROM _phasewise_quarantine WHERE backfill_id = ? AND source_key IS NOT NULL ORDER BY source_key`,
        )
        .safeIntegers()
        .all(id)
        .map((row) => ({ id: Number(row.id), backfillId: id, key: row.key })),
    );
}

/**
 * A backfill may stand on a working table that was dropped when all was done. The migration's own `up`, which is
 * idempotent, makes it again.
 * @returns removes what was made.
 */
function prepareWorkingTables(retry: Retry): () => void {
  const { db, migration, work } = retry;
  const needs = work.some(({ backfill }) => isOwnName(backfill.source) && !tableExists(db, backfill.source));
  if (!needs) return () => {};
  const before = new Set(storedTables(db, 'main').map(({ name }) => name));
  migration.up(db, contextOf(retry, work[0]));
  return () => {
    for (const { name } of storedTables(db, 'main')) {
      if (isOwnName(name) && !before.has(name)) db.exec(`DROP TABLE main.${quoteName(name)}`);
    }
  };
}

type Outcome = 'cleared' | 'changed' | 'same';

function tryIssue(retry: Retry, issue: IssueKey): Outcome {
  const { db, work, probe } = retry;
  const own = work.find(({ id }) => id === issue.backfillId);
  if (own === undefined) return 'same';
  const isThere = isSourceThere(db, own, issue);
  const range = isThere ? oneRow(db, own, issue.key) : null;
  if (isThere && range === null) return 'same';
  const before = readIssue(db, own, issue.key);
  db.exec('SAVEPOINT pw_issue');
  probe.wasAsked = false;
  db.prepare(`DELETE FROM main._phasewise_quarantine WHERE id = ?`).run(issue.id);
  if (range === null) adjustAccount(db, own.id, { expected: -1, moved: 0, alreadyRight: 0, issueRows: -1 });
  else walk(retry, own, range, issue.key);
  const after = readIssue(db, own, issue.key);
  // The same issue again keeps its number and its date; a row about which files could not be asked stays as it is.
  const isSame = probe.wasAsked || (after !== undefined && after === before);
  if (isSame) db.exec('ROLLBACK TO pw_issue');
  db.exec('RELEASE pw_issue');
  return isSame ? 'same' : after === undefined ? 'cleared' : 'changed';
}

/** Compared inside SQL, where a key keeps its bytes. A row that somebody removed needs no place any more. */
const isSourceThere = (db: Db, { backfill }: BackfillWork, { id }: IssueKey): boolean =>
  db
    .prepare<[number], number>(
      `SELECT 1 FROM main._phasewise_quarantine AS q JOIN main.${quoteName(backfill.source)} AS s
         ON s.${quoteName(backfill.key)} = q.source_key WHERE q.id = ?`,
    )
    .get(id) !== undefined;

/** What the issue says, as one text. The row that it kept is of its time, and stays. */
const readIssue = (db: Db, { id }: BackfillWork, key: SqlValue): string | undefined =>
  db
    .prepare<[string, SqlValue], string>(
      `SELECT json_array(reason, detail, is_placed) FROM main._phasewise_quarantine WHERE backfill_id = ? AND source_key = ?`,
    )
    .pluck()
    .get(id, key);

/** Everything that the migration does with this row, up to the backfill whose issue it is. */
function walk(retry: Retry, own: BackfillWork, range: KeyRange, key: SqlValue): void {
  const { db, work } = retry;
  for (const each of work.slice(0, work.indexOf(own))) {
    if (!tableExists(db, each.backfill.source)) continue;
    if (isOwnName(each.backfill.source)) walkWorkingTable(retry, each);
    else if (each.backfill.source === own.backfill.source && readIssue(db, each, key) === undefined) {
      // Counted when it was first walked; only an issue that it has now changes the account.
      if (runOne(retry, each, range).issueRows > 0) countAsIssue(db, each);
    }
  }
  const { moved, alreadyRight, issueRows } = runOne(retry, own, range);
  adjustAccount(db, own.id, { expected: 0, moved, alreadyRight, issueRows: issueRows - 1 });
}

/** @throws CodedError E_ROWS_SKIPPED */
function runOne(retry: Retry, work: BackfillWork, range: KeyRange): ChunkCount {
  const count = work.backfill.chunk(retry.db, range, chunkContext(retry.db, work, contextOf(retry, work), range));
  if (count.moved + count.alreadyRight + count.issueRows === 1) return count;
  throw coded(
    'E_ROWS_SKIPPED',
    `While ${work.backfill.title}, one row was to be placed, but it was not accounted for.`,
    { backfill: work.id },
  );
}

/** What earlier rows of this attempt noted is there still; settling it twice changes nothing. */
function walkWorkingTable(retry: Retry, work: BackfillWork): void {
  const { source, key, chunk } = work.backfill;
  const sql = `SELECT max(${quoteName(key)}) FROM main.${quoteName(source)}`;
  const upTo = retry.db.prepare<[], SqlValue>(sql).pluck().safeIntegers().get() ?? null;
  if (upTo === null) return;
  const range = { after: null, upTo };
  chunk(retry.db, range, chunkContext(retry.db, work, contextOf(retry, work), range));
}

function countAsIssue(db: Db, work: BackfillWork): void {
  const isMoved = (storedBackfill(db, work)?.moved ?? 0) > 0;
  adjustAccount(db, work.id, { expected: 0, moved: isMoved ? -1 : 0, alreadyRight: isMoved ? 0 : -1, issueRows: 1 });
}

function contextOf({ db, runId, now, sourceFiles, probe }: Retry, work: BackfillWork | undefined): StepContext {
  const facts = work === undefined ? {} : (storedBackfill(db, work)?.facts ?? {});
  const asked: SourceFiles = {
    read: () => {
      probe.wasAsked = true;
      return { state: 'missing' };
    },
  };
  return { runId, now, facts, sourceFiles: sourceFiles ?? asked };
}

function assertAccount(db: Db, work: BackfillWork): void {
  const row = storedBackfill(db, work);
  const gap = row === undefined ? null : accountGap(db, row);
  if (gap !== null) throw coded('E_ROWS_SKIPPED', gap, { backfill: work.id });
}
