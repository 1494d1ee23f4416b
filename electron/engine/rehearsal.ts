import { appError, type AppError } from '@shared/errors.ts';
import { nothingAdded, startBackfill, workOf } from './backfill.ts';
import { ensureBookkeeping, insertApplied, readApplied } from './bookkeeping.ts';
import { evaluateCriteria } from './checkpoint.ts';
import { openTrial } from './connection.ts';
import { some } from './counted.ts';
import { rowsHidden } from './hidden-rows.ts';
import { recordApplied } from './ledger.ts';
import {
  quoteName,
  tableExists,
  type Db,
  type IdentifiedMigration,
  type Pack,
  type Schema,
  type StepContext,
  type TableInfo,
} from './migration.ts';
import { removalOf } from './removal.ts';
import { compareMeanings } from './rehearsal-changes.ts';
import type { Loss, Unmade } from './rehearsal-comparison.ts';
import { compareStages, isOfAnother } from './rehearsal-losses.ts';
import { readContent, readStage } from './rehearsal-stage.ts';
import { isUnanswered } from './sqlite-error.ts';

/**
 * The open steps on the file's bare schema in memory, without a row: what others added to the file and would not outlive
 * the steps is known before anything starts, and so is what is in the way of the tables that the phases promise. Its cost
 * is that of the steps' DDL (0.1 to 0.2 s CPU for all of a large family), whatever the file's size.
 * @param db the file; only its schema and our records are read.
 */
export const rehearse = (db: Db, schema: Schema, pack: Pack, steps: readonly IdentifiedMigration[]): Loss[] =>
  rehearsed(db, schema, pack, steps).losses;

/** What would be there and work afterwards, but say or show something else than before; of a file that is not refused. */
export const foreseen = (db: Db, schema: Schema, pack: Pack, steps: readonly IdentifiedMigration[]): Loss[] =>
  rehearsed(db, schema, pack, steps).changes;

interface Rehearsal {
  readonly losses: Loss[];
  readonly changes: Loss[];
}

/** A plan asks twice about the same reading of the file. */
const latest = new WeakMap<Schema, { readonly ids: string; readonly rehearsal: Rehearsal }>();

function rehearsed(db: Db, schema: Schema, pack: Pack, steps: readonly IdentifiedMigration[]): Rehearsal {
  const ids = steps.map(({ id }) => id).join('\n');
  const known = latest.get(schema);
  if (known?.ids === ids) return known.rehearsal;
  const rehearsal = rehearseOn(db, schema, pack, steps);
  latest.set(schema, { ids, rehearsal });
  return rehearsal;
}

function rehearseOn(db: Db, schema: Schema, pack: Pack, steps: readonly IdentifiedMigration[]): Rehearsal {
  const refused = (losses: Loss[]): Rehearsal => ({ losses, changes: [] });
  // Refused for what it is: what a step or a phase says of it would only be a consequence.
  if (steps.length === 0 || rowsHidden(schema, pack).length > 0) return refused([]);
  const computed = computedColumns(schema, steps);
  if (computed.length > 0) return refused(computed);
  const isRemoving = steps.some(({ kind }) => kind === 'contract');
  const stage = openTrial(db);
  try {
    const unmade = copySchema(db, schema, stage);
    const quoted = isRemoving ? quotedTexts(unmade) : [];
    if (quoted.length > 0) return refused(quoted);
    ensureBookkeeping(stage);
    for (const row of readApplied(db)) insertApplied(stage, row);
    const before = readStage(stage);
    const content = readContent(stage, before, tablesOf(steps));
    const failed = applyAll(stage, pack, steps, unmade.size === 0);
    if (failed) return refused([failed]);
    const after = readStage(stage);
    const how = { pack, removal: removalOf(steps), steps, unmade, content };
    return { losses: compareStages(before, after, how), changes: compareMeanings(before, after, how) };
  } finally {
    stage.close();
  }
}

/** Columns that somebody else made under a name that the steps write to, and whose values SQLite makes itself. */
const computedColumns = (schema: Schema, steps: readonly IdentifiedMigration[]): Loss[] => {
  const written = steps.flatMap(({ effect }) =>
    Object.entries(effect.changes).flatMap(([table, names]) => names.map((name) => ({ table, name }))),
  );
  const computed = written.filter(({ table, name }) => (schema.column(table, name)?.hidden ?? 0) > 1);
  return [...new Set(computed.map(({ table, name }) => `column ${table}.${name}`))].map((object) => ({
    object,
    why: 'its values are computed, so the upgrade cannot write the ones that belong there',
    isOurs: true,
  }));
};

/** Those that the steps change in any way. */
const tablesOf = (steps: readonly IdentifiedMigration[]): string[] => {
  const names = steps.flatMap(({ effect }) => [
    ...[...effect.grows, ...Object.keys(effect.changes), ...(effect.setsAside ?? [])],
    ...[...Object.keys(effect.removes ?? {}), ...Object.keys(effect.removesColumns ?? {})],
  ]);
  return [...new Set(names)];
};

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
  const isOurs = losses.some((loss) => loss.isOurs === true);
  const head = isOurs
    ? 'The upgrade would not come to its end in this file'
    : `${some(losses.length, 'object')} of this file would not outlive the upgrade`;
  // A step or a phase is nothing that a person could remove.
  const nextStep = 'Put right what is named with the program that made the file, or ask support; then try again.';
  return appError(
    'E_PREFLIGHT_UNKNOWN_OBJECT',
    `${head}. ${named(losses)}`,
    listed(losses),
    isOurs ? { nextStep } : {},
  );
}

/** In words, what is to be known of them; null when there is nothing. */
export const changeWords = (changes: readonly Loss[]): string | null =>
  changes.length === 0 ? null : `They stay, but will not say quite the same. ${named(changes)}`;

const MOST_SHOWN = 10;

function named(losses: readonly Loss[]): string {
  const shown = losses.slice(0, MOST_SHOWN).map(({ object, why }) => `${object}: ${why}`);
  return `${shown.join('. ')}.${losses.length > MOST_SHOWN ? ` And ${losses.length - MOST_SHOWN} more.` : ''}`;
}

const listed = (losses: readonly Loss[]): { objects: string; count: number } => ({
  objects: losses
    .slice(0, MOST_SHOWN)
    .map(({ object }) => object)
    .join(', '),
  count: losses.length,
});

/**
 * Tables and indexes that need what only another program has. Nobody here could check a file with one, nor a backup of
 * it: the run refuses it, too.
 * @param db the file; a connection that only reads does not see the rules that name such functions.
 * @returns E_HOSTILE_SCHEMA naming them; null when there are none.
 */
export function otherProgramsProblem(db: Db, schema: Schema): AppError | null {
  const stage = openTrial(db);
  try {
    const parts = [...copySchema(db, schema, stage).values()]
      .filter(({ kind, reason }) => (kind === 'table' || kind === 'index') && isOfAnother(reason))
      .map(({ kind, name, reason }) => ({ object: `${kind} ${name}`, why: reason }));
    if (parts.length === 0) return null;
    const needs = parts.length === 1 ? 'needs' : 'need';
    const message = `${some(parts.length, 'object')} of this file ${needs} something that only another program has. ${named(parts)}`;
    return appError('E_HOSTILE_SCHEMA', message, listed(parts));
  } finally {
    stage.close();
  }
}

/** @returns objects that could not be made here, with SQLite's reason: they need what only another program has. */
function copySchema(db: Db, schema: Schema, stage: Db): Map<string, Unmade> {
  const unmade = new Map<string, Unmade>();
  const objects = db
    .prepare<[], { kind: Unmade['kind']; name: string; sql: string }>(
      `SELECT type AS kind, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid`,
    )
    .all()
    .map((object) => ({ ...object, turn: turnOf(object.kind, schema.table(object.name)?.kind) }))
    .toSorted((a, b) => a.turn - b.turn);
  for (const { kind, name, sql } of objects) {
    const isMade = kind === 'table' && schema.table(name)?.kind === 'shadow' && tableExists(stage, name);
    if (isMade) continue; // with the virtual table that keeps its rows in it
    try {
      stage.exec(sql);
    } catch (error) {
      if (isUnanswered(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      unmade.set(`${kind} ${name}`, { kind, name, sql, reason });
      // A rule that cannot be read any more takes its table along, which the steps may need.
      if (kind === 'table') standIn(schema, name, stage);
    }
  }
  return unmade;
}

/** A virtual table may read its columns from a table or view, and makes the tables that it keeps its rows in. */
function turnOf(kind: Unmade['kind'], found: TableInfo['kind'] | undefined): number {
  if (kind === 'index') return 4;
  if (kind === 'trigger') return 5;
  return { table: 0, view: 1, virtual: 2, shadow: 3 }[found ?? 'table'];
}

/** An ordinary table of the same columns and key does for what refers to it. One whose module is not here has none. */
function standIn(schema: Schema, name: string, stage: Db): void {
  const columns = schema.table(name)?.columns ?? [];
  if (columns.length === 0) return;
  const key = columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map((column) => quoteName(column.name));
  const parts = [
    ...columns.map((column) => `${quoteName(column.name)} ${column.type}`),
    ...(key.length === 0 ? [] : [`PRIMARY KEY (${key.join(', ')})`]),
  ];
  stage.exec(`CREATE TABLE ${quoteName(name)} (${parts.join(', ')})`);
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
      if (isUnanswered(error)) throw error;
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
