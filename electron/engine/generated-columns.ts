import { quoteName, type Db, type IdentifiedMigration, type Schema, type TableInfo } from './migration.ts';
import type { Loss } from './rehearsal-comparison.ts';
import { removalOf } from './removal.ts';
import { nameKey } from './schema.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * A virtual column that was added to a table full of rows was never computed for them. SQLite computes it with every
 * row that is written, so a value that it cannot make stops the step that writes the row, or copies the table. A bare
 * schema does not tell: the rows are asked, of tables with such a column alone.
 * @param tables names as SQLite compares them.
 * @returns those that cannot be computed for some row, with SQLite's reason and the row.
 * @throws SqliteError when the file could not be read.
 */
export function uncomputable(db: Db, schema: Schema, tables: ReadonlySet<string>): Loss[] {
  return [...schema.tables.values()]
    .filter(({ kind, name }) => kind === 'table' && tables.has(nameKey(name)))
    .flatMap((table) =>
      table.columns
        .filter(({ hidden }) => hidden === VIRTUAL)
        .flatMap(({ name }) => {
          const why = failureOf(db, table, name);
          return why === null ? [] : [{ object: `column ${table.name}.${name}`, why, isOurs: true as const }];
        }),
    );
}
const VIRTUAL = 2;

/** Tables of which every row is copied: those that lose columns, and those that refer to one which goes. */
export function copiedTables(schema: Schema, steps: readonly IdentifiedMigration[]): ReadonlySet<string> {
  const { tables: removed, columns } = removalOf(steps);
  const referring = [...schema.tables.values()]
    .filter(({ foreignKeys }) => foreignKeys.some(({ table }) => removed.has(nameKey(table))))
    .map(({ name }) => nameKey(name));
  return new Set([...columns.keys(), ...referring].filter((name) => !removed.has(name)));
}

/** In words, what may stop a step that writes to some rows, or notes them whole; null = nothing. */
export function computedWords(db: Db, schema: Schema, steps: readonly IdentifiedMigration[]): string | null {
  const copied = copiedTables(schema, steps);
  const walked = steps.flatMap(({ effect, backfills = [] }) => [
    ...Object.keys(effect.changes),
    ...backfills.map(({ source }) => source),
  ]);
  const found = uncomputable(db, schema, new Set(walked.map(nameKey).filter((name) => !copied.has(name))));
  if (found.length === 0) return null;
  const named = found.slice(0, MOST_SHOWN).map(({ object, why }) => `${object}: ${why}`);
  return `Where such a row has to be written or noted, the upgrade stops at the last completed step. ${named.join('. ')}.`;
}
const MOST_SHOWN = 10;

function failureOf(db: Db, table: TableInfo, column: string): string | null {
  const from = `FROM main.${quoteName(table.name)} NOT INDEXED`; // an index holds values of earlier days
  const reason = errorOf(() => db.prepare(`SELECT count(${quoteName(column)}) ${from}`).get());
  if (reason === null) return null;
  const rowid = rowidOf(table);
  const row = rowid === null ? '' : `, rowid ${firstFailing(db, rowid, column, from)}`;
  return `SQLite cannot compute it for every row (${reason}${row})`;
}

/** The row behind the last one that could be computed. */
function firstFailing(db: Db, rowid: string, column: string, from: string): string {
  let last: bigint | null = null;
  const rows = db.prepare<[], [bigint]>(`SELECT ${rowid}, ${quoteName(column)} IS NULL ${from} ORDER BY ${rowid}`);
  errorOf(() => {
    for (const [at] of rows.raw().safeIntegers().iterate()) last = at;
  });
  const next = `SELECT min(${rowid}) ${from} WHERE :last IS NULL OR ${rowid} > :last`;
  return String(db.prepare<[{ last: bigint | null }], bigint>(next).pluck().safeIntegers().get({ last }));
}

function errorOf(ask: () => unknown): string | null {
  try {
    ask();
    return null;
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** A name by which the rowid can be asked for; null: there is none, or all its names are taken by columns. */
const rowidOf = ({ isWithoutRowid, columns }: TableInfo): string | null =>
  isWithoutRowid
    ? null
    : (['rowid', '_rowid_', 'oid'].find((word) => !columns.some(({ name }) => nameKey(name) === word)) ?? null);
