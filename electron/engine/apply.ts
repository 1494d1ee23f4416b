import { coded } from '@shared/errors.ts';
import {
  continueBackfill,
  extendBound,
  finishBackfill,
  nothingAdded,
  runChunk,
  startBackfill,
  storedBackfill,
  workOf,
  type BackfillWork,
  type ChunkResult,
} from './backfill.ts';
import { insertApplied, isOwnName, readApplied, type AddedShape } from './bookkeeping.ts';
import { addedBetween, assertEffect, setAsideBy, takeCensus } from './census.ts';
import { recordApplied } from './ledger.ts';
import type { Finding, IdentifiedMigration, StepContext } from './migration.ts';
import { assertReferencesKept } from './references.ts';
import { grownByTriggers } from './removal.ts';
import { namingRules } from './rules-of-others.ts';
import { inTransaction, requireTransaction, type RunSession } from './session.ts';

/** A backfill that keeps adding to its own source would never end. */
const MOST_PASSES = 100;
type Facts = StepContext['facts'];

/**
 * Applies one migration: schema and frozen bounds in the first transaction, chunks in one each, proof and record in
 * the last; all in a single one when there is little to move. Killed anywhere, the next run continues behind the last
 * commit.
 * @throws CodedError naming the migration; the file is then at the last commit.
 */
export async function applyMigration(session: RunSession, migration: IdentifiedMigration): Promise<void> {
  const startedAt = performance.now();
  const work = workOf(migration);
  try {
    const opened = inStep(session, migration, migration.id, () => {
      session.probe('step-begun', migration.id);
      if (isAppliedAlready(session, migration)) return 'applied-already';
      const facts = open(session, migration, work);
      const isSmall = rowsLeft(session, work) <= session.tuning.smallRows;
      if (isSmall) {
        runToEnd(session, work, facts);
        close(session, migration, work, performance.now() - startedAt);
      }
      session.probe('step-opened', migration.id);
      return isSmall ? 'closed' : facts;
    });
    session.probe(opened === 'closed' ? 'step-applied' : 'step-begun', migration.id);
    if (typeof opened === 'object') {
      await runInChunks(session, migration, work, opened);
      inStep(session, migration, migration.id, () => close(session, migration, work, performance.now() - startedAt));
      session.probe('step-applied', migration.id);
    }
  } catch (error) {
    session.progress.stepEnded(migration.id, 'failed', performance.now() - startedAt);
    throw error;
  }
  session.untrue.delete(migration.id);
  session.progress.stepEnded(migration.id, 'applied', Math.round(performance.now() - startedAt));
}

/**
 * One transaction that begins or ends a step. What removes rows asks before each commit whether references of others lost theirs: the
 * census counts the rows of their tables, which all stay.
 * @throws CodedError E_INVARIANT
 */
function inStep<T>(session: RunSession, { kind }: IdentifiedMigration, subject: string, body: () => T): T {
  return inTransaction(session, subject, () => {
    const result = body();
    if (kind === 'contract') assertReferencesKept(session.db, session.pack, session.references);
    return result;
  });
}

/** Of the time that chunks take, asking about references of others takes at most such a part. */
const ASKING_SHARE = 0.1;

/**
 * The same among chunks, where asking each time would take longer than the chunks: as often as it may be, and always of
 * one that set rows aside, or is over a table of our own, which stands for a change of all rows at once.
 */
function referenceAsker(session: RunSession, { migration, backfill }: BackfillWork): (chunk: ChunkResult) => void {
  let dueAt = 0;
  return ({ issueRows }) => {
    const startedAt = performance.now();
    const isTakingAway = issueRows > 0 || isOwnName(backfill.source);
    if (migration.kind !== 'contract' || (!isTakingAway && startedAt < dueAt)) return;
    assertReferencesKept(session.db, session.pack, session.references);
    const endedAt = performance.now();
    dueAt = endedAt + (endedAt - startedAt) / ASKING_SHARE;
  };
}

const isAppliedAlready = (session: RunSession, { id }: IdentifiedMigration): boolean =>
  !session.untrue.has(id) && readApplied(session.db).some((row) => row.id === id);

/**
 * The schema part. Continues the backfills where they were begun by this very migration and its shape still holds. What
 * removes rows continues within one run only: it goes by what its walks noted, and nobody else can write meanwhile. In
 * another run they begin anew.
 */
function open(session: RunSession, migration: IdentifiedMigration, work: readonly BackfillWork[]): Facts {
  const { db, runId, now, sourceFiles } = session;
  const stored = work.map((each) => storedBackfill(db, each));
  const isUnfinished =
    stored.length > 0 &&
    stored.every((row) => row?.checksum === migration.checksum) &&
    stored.some((row) => row?.state === 'running');
  // What an earlier attempt decided stays decided: its own tables would now look like the original's.
  const earlier = Object.assign({}, ...stored.map((row) => row?.facts)) as Facts;
  const isContract = migration.kind === 'contract';
  const isOurs = !isContract || stored.every((row) => row?.runId === runId);
  if (isUnfinished && isOurs && !session.untrue.has(migration.id) && migration.shape(db).length === 0) {
    const context = { runId, now, sourceFiles, facts: earlier };
    for (const each of work) continueBackfill(db, each, context);
    session.census = { ...session.census, setAside: setAsideBy(db, migration) };
    announce(session, migration, work);
    return earlier;
  }
  const context = { runId, now, sourceFiles, facts: earlier };
  const decided = namingRules(session, migration, null, () => migration.up(db, context)) ?? {};
  // One that was applied once, or begins its walks anew, speaks of what it finds: the file has been worked with since.
  const facts =
    isContract || session.untrue.has(migration.id) ? { ...earlier, ...decided } : { ...decided, ...earlier };
  requireTransaction(db);
  session.probe('step-up', migration.id);
  const census = takeCensus(db);
  assertEffect(db, session.census, census, migration, session.pack, alsoGrowing(session, migration));
  const added = [...stored.map((row) => row?.added ?? nothingAdded), addedBetween(session.census, census)].reduce(
    mergeAdded,
  );
  for (const each of work) startBackfill(db, each, { runId, now, sourceFiles, facts }, added);
  // After the start, which clears the issue rows of an earlier attempt.
  session.census = { ...census, setAside: setAsideBy(db, migration) };
  announce(session, migration, work);
  return facts;
}

/** An earlier attempt may have added what this one found in place. */
function mergeAdded(one: AddedShape, other: AddedShape): AddedShape {
  const columns = { ...one.columns };
  for (const [table, names] of Object.entries(other.columns))
    columns[table] = [...new Set([...(columns[table] ?? []), ...names])];
  return { tables: [...new Set([...one.tables, ...other.tables])], columns };
}

function announce(session: RunSession, migration: IdentifiedMigration, work: readonly BackfillWork[]): void {
  const rows = work.map((each) => storedBackfill(session.db, each));
  const done = rows.reduce((sum, row) => sum + (row ? row.moved + row.alreadyRight + row.issueRows : 0), 0);
  session.progress.stepStarted(
    migration.id,
    work[0]?.backfill.title ?? migration.title,
    done,
    rows.reduce((sum, row) => sum + (row?.expected ?? 0), 0),
  );
}

const rowsLeft = (session: RunSession, work: readonly BackfillWork[]): number =>
  work.reduce((sum, each) => {
    const row = storedBackfill(session.db, each);
    return sum + (row ? row.expected - row.moved - row.alreadyRight - row.issueRows : 0);
  }, 0);

/** @throws CodedError E_MIGRATION_FAILED naming what others added and SQLite cannot compute, or a rule that refuses a row. */
const nextChunk = (session: RunSession, work: BackfillWork, context: StepContext, limit: number): ChunkResult =>
  namingRules(session, work.migration, work.backfill, () => runChunk(session.db, work, context, limit));

/** Inside the step's only transaction. */
function runToEnd(session: RunSession, work: readonly BackfillWork[], facts: Facts): void {
  const { runId, now, sourceFiles } = session;
  const context = { runId, now, sourceFiles, facts };
  const walk = (each: BackfillWork): void => {
    for (let pass = 0; ;) {
      const result = nextChunk(session, each, context, session.tuning.firstChunkRows);
      if (!result.isDone) session.progress.rows(each.migration.id, each.backfill.title, result);
      else if (!extend(session, each, pass++)) return;
    }
  };
  for (let pass = 0; ; pass++) {
    work.forEach(walk);
    if (!work.filter((each) => extend(session, each, pass)).length) return;
  }
}

/** In transactions of their own; between two of them it can be paused, stopped or killed. */
async function runInChunks(
  session: RunSession,
  migration: IdentifiedMigration,
  work: readonly BackfillWork[],
  facts: Facts,
): Promise<void> {
  const { runId, now, sourceFiles } = session;
  for (let pass = 0; ; pass++) {
    for (const each of work) await runOneInChunks(session, each, { runId, now, sourceFiles, facts });
    const isExtended = () => work.filter((each) => extend(session, each, pass)).length > 0;
    if (!inTransaction(session, migration.id, isExtended)) return;
  }
}

/** One transaction per chunk, steered towards `chunkMs`, until no row is left beyond the bound. */
async function runOneInChunks(session: RunSession, work: BackfillWork, context: StepContext): Promise<void> {
  const { chunkMs, firstChunkRows, maxChunkRows } = session.tuning;
  const askOfReferences = referenceAsker(session, work);
  let limit = firstChunkRows;
  for (let pass = 0; ;) {
    await session.boundary(work.migration);
    const startedAt = performance.now();
    let askedMs = 0;
    const result = inTransaction(session, work.id, () => {
      const chunk = nextChunk(session, work, context, limit);
      session.probe('chunk', work.id);
      const askedAt = performance.now();
      askOfReferences(chunk);
      askedMs = performance.now() - askedAt;
      return chunk;
    });
    if (result.isDone) {
      if (!inTransaction(session, work.id, () => extend(session, work, pass++))) return;
      continue;
    }
    session.probe('chunk-committed', work.id);
    const factor = chunkMs / Math.max(performance.now() - startedAt - askedMs, 1);
    limit = Math.round(Math.min(maxChunkRows, Math.max(1, limit * Math.min(4, Math.max(0.25, factor)))));
    session.progress.rows(work.migration.id, work.backfill.title, result);
  }
}

/**
 * Rows were added beyond the bound? Then another pass takes them: before the next backfill, which may build on this one,
 * and again after the last, which may have added rows that an earlier one walks.
 */
function extend(session: RunSession, work: BackfillWork, pass: number): boolean {
  const added = extendBound(session.db, work);
  if (added === 0) return false;
  if (pass >= MOST_PASSES) {
    throw coded('E_INVARIANT', `While ${work.backfill.title}, new rows kept appearing in ${work.backfill.source}.`, {
      backfill: work.id,
    });
  }
  session.progress.rowsAdded(work.migration.id, added);
  return true;
}

/** Proof, account and record. Everything is asked of the database again; nothing is believed from before. */
function close(session: RunSession, migration: IdentifiedMigration, work: readonly BackfillWork[], ms: number): void {
  const { db, pack, runId, now } = session;
  for (const each of work) {
    if (extendBound(db, each) > 0)
      throw coded('E_ROWS_SKIPPED', `Rows were added to ${each.backfill.source} after its last pass.`, {
        backfill: each.id,
      });
    finishBackfill(db, each, now);
  }
  const missing = migration.shape(db);
  if (missing.length > 0)
    throw coded('E_VERIFY_FAILED', `${migration.id} did not leave its shape: ${missing.join('; ')}.`, {
      migration: migration.id,
    });
  assertVerified(migration.id, migration.verify(db, { mayBeEdited: session.untrue.has(migration.id) }));
  const census = takeCensus(db, migration);
  assertEffect(db, session.census, census, migration, pack, alsoGrowing(session, migration));
  session.census = census;
  recordApplied(db, pack, migration, { runId, now, durationMs: Math.round(ms) }, insertApplied);
  session.probe('step-closing', migration.id);
}

/** Only a repair meets the triggers of later migrations. */
const alsoGrowing = ({ db, pack, untrue }: RunSession, { id }: IdentifiedMigration): string[] =>
  untrue.has(id) ? grownByTriggers(pack, new Set(readApplied(db).map((row) => row.id))) : [];

/** @throws CodedError E_VERIFY_FAILED listing the findings. */
function assertVerified(id: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const text = findings.map(({ what, count }) => `${what} (${count})`).join('; ');
  const keys = findings.flatMap(({ sampleKeys }) => sampleKeys).slice(0, 5);
  throw coded('E_VERIFY_FAILED', `${id} was not applied completely: ${text}.`, {
    migration: id,
    findings: text,
    sampleKeys: keys.join(', '),
  });
}
