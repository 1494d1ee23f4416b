import type { CheckResult } from '@shared/status.ts';
import { isOwnName, type AddedShape } from './bookkeeping.ts';
import { comparableColumns, compareTable, countRows, storedTables, type TableComparison } from './compare.ts';
import { number, some } from './counted.ts';
import { quoteName, type Db, type Migration } from './migration.ts';
import { nameKey } from './schema.ts';

/** What may differ from the backup; everything else must be as it was. */
export interface AllowedEffect {
  /** Tables that may have gained rows. */
  readonly grows: ReadonlySet<string>;
  /** Columns that may have changed, per table; '*' = all of them. */
  readonly changes: ReadonlyMap<string, ReadonlySet<string>>;
  /** A contracting migration was among them: objects may be gone. */
  readonly mayRemove: boolean;
}

/**
 * What the migrations applied since the backup declared, and what those of them that were already begun had added by
 * then. Names are compared as SQLite does.
 */
export function allowedEffect(
  migrations: readonly Pick<Migration, 'effect' | 'kind'>[],
  ledger: string,
  added: readonly AddedShape[],
): AllowedEffect {
  const changes = new Map<string, Set<string>>();
  const allow = (table: string, columns: readonly string[]) => {
    const known = changes.get(nameKey(table)) ?? new Set();
    changes.set(nameKey(table), new Set([...known, ...columns.map(nameKey)]));
  };
  for (const { effect } of migrations) {
    for (const [table, columns] of Object.entries(effect.changes)) allow(table, columns);
  }
  for (const { tables, columns } of added) {
    for (const table of tables) allow(table, ['*']);
    for (const [table, names] of Object.entries(columns)) allow(table, names);
  }
  return {
    grows: new Set([ledger, ...migrations.flatMap(({ effect }) => effect.grows)].map(nameKey)),
    changes,
    mayRemove: migrations.some(({ kind }) => kind === 'contract'),
  };
}

/**
 * The proof that nothing was lost: every row of every table of the backup, attached as `backup`, is in the database
 * with every original column identical, and no table has rows that nobody declared.
 */
export function checkKept(db: Db, backup: string, allowed: AllowedEffect): CheckResult {
  const problems: string[] = [];
  const evidence: CheckResult['evidence'] = [];
  let rows = 0;
  const tables = storedTables(db, backup).filter(({ name }) => !isOwnName(name));
  for (const { name } of tables) {
    if (name === 'sqlite_sequence') {
      problems.push(...sequenceProblems(db, backup));
      continue;
    }
    const result = compareKept(db, backup, name, allowed);
    rows += typeof result === 'string' ? 0 : result.rowsBefore;
    const problem = typeof result === 'string' ? result : problemOf(result, allowed);
    if (problem === null) continue;
    problems.push(problem);
    if (typeof result !== 'string')
      evidence.push(
        { label: `Rows of ${name}`, text: result.sampleKeys.join('; ') },
        { label: 'SQL', text: result.sql.slice(0, 2_000) },
      );
  }
  problems.push(...newTableProblems(db, backup, allowed), ...ownRowProblems(db, backup));
  if (!allowed.mayRemove) problems.push(...objectProblems(db, backup));
  if (tables.length === 0) problems.push('there was nothing to compare');
  const isMet = problems.length === 0;
  return {
    id: 'kept',
    title: 'Nothing was lost',
    state: isMet ? 'met' : 'unmet',
    summary: isMet
      ? `All ${number(rows)} rows in ${some(tables.length, 'table')} of the backup are still there, value for value.`
      : `Compared with the backup, ${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}.`,
    evidence: [
      { label: 'Tables compared', text: String(tables.length) },
      { label: 'Rows compared', text: number(rows) },
      ...problems.slice(0, 50).map((text) => ({ label: 'Finding', text })),
      ...evidence.slice(0, 20),
    ],
  };
}

/** @returns the comparison, or in words why there is none. */
function compareKept(db: Db, backup: string, table: string, allowed: AllowedEffect): TableComparison | string {
  if (!storedTables(db, 'main').some(({ name }) => nameKey(name) === nameKey(table))) return `table ${table} is gone`;
  const present = new Set(comparableColumns(db, 'main', table).map(nameKey));
  const original = comparableColumns(db, backup, table);
  const gone = original.filter((name) => !present.has(nameKey(name)));
  if (gone.length > 0) return `${table} has lost ${gone.join(', ')}`;
  const changed = allowed.changes.get(nameKey(table));
  const columns = changed?.has('*') ? [] : original.filter((name) => !changed?.has(nameKey(name)));
  return compareTable(db, { before: backup, after: 'main' }, table, columns);
}

function problemOf(result: TableComparison, allowed: AllowedEffect): string | null {
  const { table, kept, rowsBefore, rowsAfter } = result;
  if (kept !== rowsBefore)
    return `${number(rowsBefore - kept)} of ${number(rowsBefore)} rows of ${table} are missing or were changed`;
  if (rowsAfter > rowsBefore && !allowed.grows.has(nameKey(table)))
    return `${table} has ${number(rowsAfter - rowsBefore)} rows that were not planned`;
  return null;
}

/** Numbers already given out must not be given out again. */
const sequenceProblems = (db: Db, backup: string): string[] =>
  db
    .prepare<[], string>(
      `SELECT b.name FROM ${quoteName(backup)}.sqlite_sequence b LEFT JOIN main.sqlite_sequence a ON a.name = b.name
       WHERE a.seq IS NULL OR a.seq < b.seq`,
    )
    .pluck()
    .all()
    .map((table) => `${table} would give out numbers that were used before`);

function newTableProblems(db: Db, backup: string, allowed: AllowedEffect): string[] {
  const before = new Set(storedTables(db, backup).map(({ name }) => nameKey(name)));
  return storedTables(db, 'main')
    .filter(
      ({ name }) =>
        !before.has(nameKey(name)) &&
        !isOwnName(name) &&
        !name.startsWith('sqlite_') &&
        !allowed.grows.has(nameKey(name)),
    )
    .filter(({ name }) => countRows(db, 'main', name) > 0)
    .map(({ name }) => `the new table ${name} has rows that were not planned`);
}

/** What earlier runs recorded about themselves stays. */
function ownRowProblems(db: Db, backup: string): string[] {
  const recorded = ['_phasewise_runs', '_phasewise_migrations'];
  const present = storedTables(db, backup).filter(({ name }) => recorded.includes(name));
  return present
    .filter(
      ({ name }) =>
        db
          .prepare(
            `SELECT id FROM ${quoteName(backup)}.${quoteName(name)} EXCEPT SELECT id FROM main.${quoteName(name)}`,
          )
          .get() !== undefined,
    )
    .map(({ name }) => `${name} has lost records of earlier runs`);
}

const objectProblems = (db: Db, backup: string): string[] =>
  db
    .prepare<[], { object: string; name: string; owner: string }>(
      `SELECT type || ' ' || name AS object, name, tbl_name AS owner FROM (
         SELECT type, name, tbl_name, sql FROM ${quoteName(backup)}.sqlite_schema WHERE type <> 'table'
         EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)`,
    )
    .all()
    .filter(({ name, owner }) => !isOwnName(name) && !isOwnName(owner))
    .map(({ object }) => `${object} was changed or removed`);
