import type { CheckResult } from '@shared/status.ts';
import { isOwnName, type AddedShape } from './bookkeeping.ts';
import { comparableColumns, compareTable, countRows, storedTables, type TableComparison } from './compare.ts';
import { number, some } from './counted.ts';
import { findRemoved, findSetAside, isSaidStill, keyColumn } from './carried.ts';
import { quoteName, quoteText, tableExists, type Db, type Finding, type Migration, type Pack } from './migration.ts';
import { alwaysGrowing, isStatistics, removalOf, type Removal } from './removal.ts';
import { nameKey } from './schema.ts';
import { sequenceProblems } from './sequence.ts';

/** What may differ from the backup; everything else must be as it was. */
export interface AllowedEffect {
  /** Tables that may have gained rows. */
  readonly grows: ReadonlySet<string>;
  /** Columns that may have changed, per table; '*' = all of them. */
  readonly changes: ReadonlyMap<string, ReadonlySet<string>>;
  /** The column by which a table's rows are walked: it names them where the file's own table has no key. */
  readonly keys: ReadonlyMap<string, string>;
  /** What contracting migrations among them declared that they take away; null = there was none. */
  readonly removal: Removal | null;
}

/**
 * What the migrations applied since the backup declared, and what those of them that were already begun had added by
 * then. `alsoGrows`: tables to which triggers of other migrations may have added. Names are compared as SQLite does.
 */
export function allowedEffect(
  migrations: readonly Pick<Migration, 'effect' | 'kind' | 'backfills'>[],
  pack: Pick<Pack, 'ledger' | 'audit'>,
  added: readonly AddedShape[],
  alsoGrows: readonly string[] = [],
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
    grows: new Set(
      [...alwaysGrowing(pack), ...alsoGrows, ...migrations.flatMap(({ effect }) => effect.grows)].map(nameKey),
    ),
    changes,
    keys: new Map(
      migrations.flatMap(({ backfills = [] }) => backfills.map(({ source, key }) => [nameKey(source), key] as const)),
    ),
    removal: migrations.some(({ kind }) => kind === 'contract') ? removalOf(migrations) : null,
  };
}

/**
 * The proof that nothing was lost: every row of every table of the backup, attached as `backup`, is in the database
 * with every original column identical, and no table has rows that nobody declared. After a contracting run a row may
 * also be in the successor of its table, or whole among the issue rows.
 * @param carriedOver what the pack finds missing of old columns and tables in their new places; asked last.
 */
export function checkKept(
  db: Db,
  backup: string,
  allowed: AllowedEffect,
  carriedOver: () => readonly Finding[] = () => [],
): CheckResult {
  const tables = storedTables(db, backup).filter(
    ({ name }) => !isOwnName(name) && !(allowed.removal !== null && isStatistics(name)),
  );
  const compared = tables.map(({ name }) => compareKept(db, backup, name, allowed));
  const carried = carriedOver();
  const problems = [
    ...compared.flatMap(({ problem }) => problem ?? []),
    ...newTableProblems(db, backup, allowed),
    ...ownRowProblems(db, backup),
    ...issueRowProblems(db, backup, allowed),
    ...(allowed.removal === null ? objectProblems(db, backup) : objectsLost(db, backup, allowed.removal)),
    ...carried.map(({ what, count }) => `${what} (${number(count)})`),
    ...(tables.length === 0 ? ['there was nothing to compare'] : []),
  ];
  const rows = compared.reduce((sum, each) => sum + each.rows, 0);
  const elsewhere = compared.reduce((sum, each) => sum + each.elsewhere, 0);
  const isMet = problems.length === 0;
  const where = elsewhere === 0 ? 'are still there' : 'are still there, in their new place or among the issue rows';
  return {
    id: 'kept',
    title: 'Nothing was lost',
    state: isMet ? 'met' : 'unmet',
    summary: isMet
      ? `All ${number(rows)} rows in ${some(tables.length, 'table')} of the backup ${where}, value for value.`
      : `Compared with the backup, ${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}.`,
    evidence: [
      { label: 'Tables compared', text: String(tables.length) },
      { label: 'Rows compared', text: number(rows) },
      ...compared.flatMap(({ note }) => (note === undefined ? [] : [{ label: 'Moved', text: note }])),
      ...problems.slice(0, 50).map((text) => ({ label: 'Finding', text })),
      ...[...compared.flatMap(({ evidence }) => evidence), ...carried.map(findingEvidence)].slice(0, 20),
    ],
  };
}

const findingEvidence = ({ what, sampleKeys, sql }: Finding) => ({
  label: what,
  text: `${sampleKeys.join(', ')}: ${sql}`.slice(0, 2_000),
});

/** What became of the rows of one table. */
interface Compared {
  readonly rows: number;
  /** Rows that are no longer in the table itself. */
  readonly elsewhere: number;
  readonly problem?: string | null;
  readonly note?: string;
  readonly evidence: CheckResult['evidence'];
}

function compareKept(db: Db, backup: string, table: string, allowed: AllowedEffect): Compared {
  const base = { rows: 0, elsewhere: 0, evidence: [] };
  if (table === 'sqlite_sequence')
    return { ...base, problem: sequenceProblems(db, backup, allowed.removal).join('; ') || null };
  if (!storedTables(db, 'main').some(({ name }) => nameKey(name) === nameKey(table)))
    return compareRemoved(db, backup, table, allowed);
  const present = new Set(comparableColumns(db, 'main', table).map(nameKey));
  const removed = allowed.removal?.columns.get(nameKey(table));
  const original = comparableColumns(db, backup, table).filter(
    (name) => present.has(nameKey(name)) || !removed?.has(nameKey(name)),
  );
  const gone = original.filter((name) => !present.has(nameKey(name)));
  if (gone.length > 0) return { ...base, problem: `${table} has lost ${gone.join(', ')}` };
  const result = compareTable(
    db,
    { before: backup, after: 'main' },
    table,
    unchanged(original, allowed.changes.get(nameKey(table))),
  );
  return judge(db, backup, result, allowed);
}

const unchanged = (columns: readonly string[], changed: ReadonlySet<string> | undefined): string[] =>
  changed?.has('*') ? [] : columns.filter((name) => !changed?.has(nameKey(name)));

/** Rows that are not in the table any more may be among the issue rows, where the run was to set rows aside. */
function judge(db: Db, backup: string, result: TableComparison, allowed: AllowedEffect): Compared {
  const { table, rowsBefore, kept } = result;
  const maySetAside = kept !== rowsBefore && allowed.removal?.setsAside.has(nameKey(table)) === true;
  const columns = unchanged(comparableColumns(db, backup, table), allowed.changes.get(nameKey(table)));
  const aside = maySetAside
    ? findSetAside(db, backup, table, columns, allowed.keys.get(nameKey(table))).amongIssues
    : 0;
  const problem = problemOf(result, aside, allowed);
  return {
    rows: rowsBefore,
    elsewhere: aside,
    problem,
    ...(aside === 0 ? {} : { note: `${some(aside, 'row')} of ${table} to the issue rows` }),
    evidence:
      problem === null
        ? []
        : [
            { label: `Rows of ${table}`, text: result.sampleKeys.join('; ') },
            { label: 'SQL', text: result.sql.slice(0, 2_000) },
          ],
  };
}

/** A table that is gone: each of its rows must be in the successor under the same key, or be kept as an issue row. */
function compareRemoved(db: Db, backup: string, table: string, allowed: AllowedEffect): Compared {
  const rows = countRows(db, backup, table);
  const successor = allowed.removal?.tables.get(nameKey(table));
  if (successor === undefined) return { rows, elsewhere: 0, problem: `table ${table} is gone`, evidence: [] };
  const columns = unchanged(comparableColumns(db, backup, table), allowed.changes.get(nameKey(table)));
  const { inSuccessor, amongIssues, sampleKeys } = findRemoved(
    db,
    backup,
    table,
    successor,
    columns,
    allowed.keys.get(nameKey(table)),
  );
  const missing = rows - inSuccessor - amongIssues;
  return {
    rows,
    elsewhere: inSuccessor + amongIssues,
    problem: missing === 0 ? null : `${number(missing)} of ${number(rows)} rows of ${table} are nowhere to be found`,
    note: `${some(rows, 'row')} of ${table}: ${number(inSuccessor)} in ${successor}, ${number(amongIssues)} among the issue rows`,
    evidence: missing === 0 ? [] : [{ label: `Rows of ${table}`, text: sampleKeys.join('; ') }],
  };
}

function problemOf(result: TableComparison, setAside: number, allowed: AllowedEffect): string | null {
  const { table, kept, rowsBefore, rowsAfter } = result;
  if (kept + setAside !== rowsBefore)
    return `${number(rowsBefore - kept - setAside)} of ${number(rowsBefore)} rows of ${table} are missing or were changed`;
  if (rowsAfter > kept && !allowed.grows.has(nameKey(table)))
    return `${table} has ${number(rowsAfter - kept)} rows that were not planned`;
  return null;
}

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

/** After a contracting run: what others made is there with the same text, but for the indexes that were to go. */
const objectsLost = (db: Db, backup: string, { indexes }: Removal): string[] =>
  db
    .prepare<[], { kind: string; name: string; owner: string }>(
      `SELECT type AS kind, name, tbl_name AS owner FROM (
         SELECT type, name, tbl_name, sql FROM ${quoteName(backup)}.sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL
         EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)`,
    )
    .all()
    .filter(({ name, owner }) => !isOwnName(name) && !isOwnName(owner))
    .filter(({ kind, name }) => !(kind === 'index' && indexes.has(nameKey(name))))
    .map(({ kind, name }) => `${kind} ${name} was changed or removed`);

/**
 * Rows that are in no table any more, only among the issue rows of the backup, must still be there, or be back as they
 * were: another row may have their key.
 */
function issueRowProblems(db: Db, backup: string, allowed: AllowedEffect): string[] {
  if (!storedTables(db, backup).some(({ name }) => name === '_phasewise_quarantine')) return [];
  const tables = db
    .prepare<[], string>(
      `SELECT DISTINCT source_table FROM ${quoteName(backup)}._phasewise_quarantine WHERE is_placed = 0`,
    )
    .pluck()
    .all();
  return tables.flatMap((table) => {
    const lost = countLostIssues(db, backup, table, allowed);
    return lost === 0
      ? []
      : [`${some(lost, 'row')} of ${table} that only the issue rows held ${lost === 1 ? 'is' : 'are'} gone`];
  });
}

function countLostIssues(db: Db, backup: string, table: string, { changes }: AllowedEffect): number {
  const key = keyColumn(db, backup, table);
  const isInBackup =
    key === null
      ? '0'
      : `EXISTS (SELECT 1 FROM ${quoteName(backup)}.${quoteName(table)} AS b WHERE b.${quoteName(key)} = o.source_key)`;
  const isTableThere = key !== null && tableExists(db, table);
  const columns = isTableThere ? unchanged(comparableColumns(db, 'main', table), changes.get(nameKey(table))) : [];
  const isBack = isTableThere
    ? `EXISTS (SELECT 1 FROM main.${quoteName(table)} AS a
         WHERE a.${quoteName(key)} = o.source_key AND ${isSaidStill('o.row_json', 'a', columns)})`
    : '0';
  const ofTable = `is_placed = 0 AND source_table = ${quoteText(table)}`;
  const sql = `SELECT count(*) FROM (
      SELECT source_key, row_json FROM ${quoteName(backup)}._phasewise_quarantine WHERE ${ofTable}
      EXCEPT SELECT source_key, row_json FROM main._phasewise_quarantine WHERE ${ofTable}) AS o
    WHERE o.source_key IS NOT NULL AND NOT ${isInBackup} AND NOT ${isBack}`;
  return db.prepare<[], number>(sql).pluck().get() ?? 0;
}
