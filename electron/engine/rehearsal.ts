import Database from 'better-sqlite3';
import { appError, type AppError } from '@shared/errors.ts';
import { nothingAdded, startBackfill, workOf } from './backfill.ts';
import { ensureBookkeeping, insertApplied, readApplied } from './bookkeeping.ts';
import { evaluateCriteria } from './checkpoint.ts';
import { some } from './counted.ts';
import { recordApplied } from './ledger.ts';
import { quoteName, type Db, type IdentifiedMigration, type Pack, type Schema, type StepContext } from './migration.ts';
import { removalOf } from './removal.ts';
import { compareStages, readStage, type Loss, type Unmade } from './rehearsal-losses.ts';

/**
 * The open steps on the file's bare schema in memory, without a row: what others added to the file and would not outlive
 * the steps is known before anything starts, and so is what is in the way of the tables that the phases promise. Its cost
 * is that of the steps' DDL (0.1 to 0.2 s CPU for all of a large family), whatever the file's size.
 * @param db the file; only its schema and our records are read.
 */
export function rehearse(db: Db, schema: Schema, pack: Pack, steps: readonly IdentifiedMigration[]): Loss[] {
  if (steps.length === 0) return [];
  const isRemoving = steps.some(({ kind }) => kind === 'contract');
  const stage = new Database(':memory:');
  try {
    settle(stage, db);
    const unmade = copySchema(db, schema, stage);
    const quoted = isRemoving ? quotedTexts(unmade) : [];
    if (quoted.length > 0) return quoted;
    ensureBookkeeping(stage);
    for (const row of readApplied(db)) insertApplied(stage, row);
    const before = readStage(stage);
    const failed = applyAll(stage, pack, steps, unmade.size === 0);
    if (failed) return [failed];
    return compareStages(before, readStage(stage), { pack, removal: removalOf(steps), steps, unmade });
  } finally {
    stage.close();
  }
}

/**
 * Old programs wrote texts in double quotes. SQLite still reads such a table or index, but refuses every renaming in a
 * file that has one, wherever it is.
 */
const quotedTexts = (unmade: ReadonlyMap<string, Unmade>): Loss[] =>
  [...unmade.values()]
    .filter(
      ({ kind, reason }) => (kind === 'table' || kind === 'index') && /should this be a string literal/.test(reason),
    )
    .map(({ kind, name, reason }) => {
      const [, text = ''] = /no such column: (".*") - should/s.exec(reason) ?? [];
      return {
        object: `${kind} ${name}`,
        why: `it has a text in double quotes (${text}), which SQLite takes for a name`,
      };
    });

/** The refusal naming what would be lost or broken; null when nothing would. */
export function rehearsalProblem(losses: readonly Loss[]): AppError | null {
  if (losses.length === 0) return null;
  const shown = losses.slice(0, MOST_SHOWN).map(({ object, why }) => `${object}: ${why}`);
  const more = losses.length > MOST_SHOWN ? ` And ${losses.length - MOST_SHOWN} more.` : '';
  const head = losses.some(({ isOurs }) => isOurs === true)
    ? 'The upgrade would not come to its end in this file'
    : `${some(losses.length, 'object')} of this file would not outlive the upgrade`;
  const message = `${head}. ${shown.join('. ')}.${more}`;
  return appError('E_PREFLIGHT_UNKNOWN_OBJECT', message, {
    objects: losses
      .slice(0, MOST_SHOWN)
      .map(({ object }) => object)
      .join(', '),
    count: losses.length,
  });
}
const MOST_SHOWN = 10;

/** As the connection that does the work. */
function settle(stage: Db, db: Db): void {
  stage.pragma(`encoding = '${String(db.pragma('encoding', { simple: true }))}'`);
  stage.pragma('foreign_keys = 0');
  stage.pragma('trusted_schema = 0');
  stage.pragma('recursive_triggers = 0');
}

/** @returns objects that could not be made here, with SQLite's reason: they need what only another program has. */
function copySchema(db: Db, schema: Schema, stage: Db): Map<string, Unmade> {
  const unmade = new Map<string, Unmade>();
  const objects = db
    .prepare<[], { kind: Unmade['kind']; name: string; sql: string }>(
      `SELECT type AS kind, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`,
    )
    .all();
  for (const { kind, name, sql } of objects) {
    try {
      const isVirtual = kind === 'table' && schema.table(name)?.kind === 'virtual';
      stage.exec(isVirtual ? standIn(schema, name) : sql);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      unmade.set(`${kind} ${name}`, { kind, name, sql, reason });
      // A rule that cannot be read any more takes its table along, which the steps may need.
      if (kind === 'table' && schema.table(name)?.kind === 'table') stage.exec(standIn(schema, name));
    }
  }
  return unmade;
}

/** A virtual table would run its module; an ordinary one of the same columns and key does for what refers to it. */
function standIn(schema: Schema, name: string): string {
  const columns = schema.table(name)?.columns ?? [];
  if (columns.length === 0) throw new Error(`no such module for ${name}`);
  const key = columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map((column) => quoteName(column.name));
  const parts = [
    ...columns.map((column) => `${quoteName(column.name)} ${column.type}`),
    ...(key.length === 0 ? [] : [`PRIMARY KEY (${key.join(', ')})`]),
  ];
  return `CREATE TABLE ${quoteName(name)} (${parts.join(', ')})`;
}

/** @param isExact the stage has all that the file has: only then do the phases' promises say something of the file. */
function applyAll(stage: Db, pack: Pack, steps: readonly IdentifiedMigration[], isExact: boolean): Loss | null {
  for (const [at, migration] of steps.entries()) {
    const context: StepContext = { runId: 'rehearsal', now: '2000-01-01T00:00:00Z', sourceFiles: null, facts: {} };
    try {
      stage.exec('BEGIN');
      const facts = migration.up(stage, context) ?? {};
      for (const work of workOf(migration)) startBackfill(stage, work, { ...context, facts }, nothingAdded);
      stage.exec(`UPDATE _phasewise_backfills SET state = 'done'`);
      recordApplied(stage, pack, migration, { ...context, durationMs: 0 }, insertApplied);
      stage.exec('COMMIT');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { object: `step ${migration.id}`, why: `it cannot be done in this file (${message})`, isOurs: true };
    }
    const isPhaseOver = steps[at + 1]?.phase !== migration.phase;
    const missed = isExact && isPhaseOver ? missedShape(stage, pack, migration.phase) : null;
    if (missed) return missed;
  }
  return null;
}

/** Tables and columns that would not be as the phase promises: something in the file has taken their place. */
function missedShape(stage: Db, pack: Pack, number: number): Loss | null {
  const criteria = pack.phases.filter((phase) => phase.number === number).flatMap(({ exitCriteria }) => exitCriteria);
  const bySchema = criteria.filter(({ cost }) => cost === 'schema');
  const unmet = evaluateCriteria(stage, bySchema).find(({ state }) => state === 'unmet');
  if (!unmet) return null;
  const findings = unmet.evidence.filter(({ label }) => label === 'Finding').map(({ text }) => text);
  const why = [unmet.summary.replace(/\.$/, ''), ...findings.slice(0, 1)].join(': ');
  return { object: `phase ${number}`, why, isOurs: true };
}
