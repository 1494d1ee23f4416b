import { coded } from '@shared/errors.ts';
import { openTrial } from './connection.ts';
import { quoteName, type Db, type Pack, type Schema, type TableInfo } from './migration.ts';
import { nameKey } from './schema.ts';
import { isUnanswered } from './sqlite-error.ts';

/**
 * The ledger is an ordinary table that keeps what is written into it, and names every step once. A file without one is
 * fine. Asked before anything is changed: a step whose record does not hold would be taken back after all its work.
 * @throws CodedError E_LEDGER_TAMPERED
 */
export function requireSoundLedger(db: Db, schema: Schema, pack: Pack): void {
  const { ledger } = pack;
  const table = schema.table(ledger.table);
  if (!table) return;
  const problem = shapeProblem(schema, table, pack) ?? keepingProblem(db, table, pack) ?? entryProblem(db, pack);
  if (problem !== null)
    throw coded('E_LEDGER_TAMPERED', `The list of applied migrations, ${ledger.table}, ${problem}.`);
}

function shapeProblem(schema: Schema, table: TableInfo, { ledger }: Pack): string | null {
  if (table.kind !== 'table') return `is a ${table.kind === 'view' ? 'view' : 'virtual table'}, not an ordinary table`;
  const needed = [ledger.idColumn, ledger.noteColumn, ledger.appliedAtColumn].map(nameKey);
  const missing = needed.filter((name) => !schema.column(ledger.table, name));
  if (missing.length > 0) return `has no column ${missing.join(', ')}`;
  const unfillable = table.columns.filter(
    ({ name, notNull, defaultSql, hidden }) =>
      notNull && defaultSql === null && hidden === 0 && !needed.includes(nameKey(name)),
  );
  if (unfillable.length > 0)
    return `wants a value in ${unfillable.map(({ name }) => name).join(', ')} that nobody knows`;
  const triggers = schema.triggers.filter((trigger) => nameKey(trigger.table) === nameKey(ledger.table));
  if (triggers.length > 0)
    return `has a trigger (${triggers.map(({ name }) => name).join(', ')}) that could change what is recorded`;
  return null;
}

/** Types, checks and unique rules may turn down a row or turn it into another: tried on a table like it, in memory. */
function keepingProblem(db: Db, table: TableInfo, { ledger, migrations }: Pack): string | null {
  const names = [ledger.idColumn, ledger.noteColumn, ledger.appliedAtColumn].map(quoteName);
  const trial = openTrial(db);
  try {
    trial.exec(table.sql);
    for (const { sql } of table.indexes) if (sql !== null) trial.exec(sql);
    const insert = trial.prepare(
      `INSERT INTO ${quoteName(table.name)} (${names.join(', ')}) VALUES (?, ?, '2000-01-01T00:00:00Z')`,
    );
    for (const { id, title } of migrations) insert.run(id, title);
    const kept = trial
      .prepare<[], unknown>(`SELECT ${names[0]} FROM ${quoteName(table.name)}`)
      .pluck()
      .all();
    const lost = migrations.find(({ id }) => !kept.includes(id));
    return lost ? `does not keep the name ${lost.id} as it is written` : null;
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return `does not take what is to be recorded (${error instanceof Error ? error.message : String(error)})`;
  } finally {
    trial.close();
  }
}

/** Names are told apart by case here, but perhaps not by the table: two spellings of one step are no record of it. */
function entryProblem(db: Db, { ledger, migrations }: Pack): string | null {
  const id = quoteName(ledger.idColumn);
  const from = `FROM main.${quoteName(ledger.table)}`;
  const nameless = db
    .prepare<[], number>(`SELECT count(*) ${from} WHERE ${id} IS NULL OR typeof(${id}) = 'blob' OR ${id} = ''`)
    .pluck()
    .get();
  if (nameless !== 0) return 'has an entry without a name';
  const twice = db
    .prepare<[], string>(
      `SELECT substr(CAST(${id} AS TEXT), 1, 80) ${from} GROUP BY lower(${id}) HAVING count(*) > 1 LIMIT 1`,
    )
    .pluck()
    .get();
  if (twice !== undefined) return `names "${twice}" twice`;
  const ours = new Map(
    [...migrations.map((each) => each.id), ...ledger.knownMarkers].map((name) => [nameKey(name), name]),
  );
  const other = db
    .prepare<[], string>(`SELECT CAST(${id} AS TEXT) ${from} LIMIT ${MOST_ENTRIES}`)
    .pluck()
    .all()
    .find((name) => ours.has(nameKey(name)) && ours.get(nameKey(name)) !== name);
  return other === undefined ? null : `writes ${ours.get(nameKey(other))} as "${other.slice(0, 80)}"`;
}

/** More entries than any program wrote; reading on would only keep us busy. */
export const MOST_ENTRIES = 10_000;
