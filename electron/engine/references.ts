import { coded, type CodedError } from '@shared/errors.ts';
import { some } from './counted.ts';
import { quoteName, quoteText, tableExists, type Db, type Pack } from './migration.ts';
import { isFamilyColumn, isFamilyTable, removalOf } from './removal.ts';
import { nameKey } from './schema.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * References that others declared: from their own tables, or from columns that they added to tables of the family. The
 * pack sees to the family's own; nobody sees to these when rows that they lead to leave their table.
 */
interface Reference {
  readonly id: number;
  /** "favourites (run)" */
  readonly label: string;
  readonly table: string;
  readonly from: readonly string[];
  readonly parent: string;
  /** Empty = the parent's key. */
  readonly to: readonly string[];
}

interface Broken {
  readonly label: string;
  /** Rows that lead nowhere; -1 = SQLite cannot check it, because what it names is not unique. */
  readonly rows: number;
}

/** By their labels as SQLite compares names. */
export type References = ReadonlyMap<string, Broken>;

/** @param schema 'main' or the name of an attached backup. */
export function referencesOfOthers(db: Db, pack: Pack, schema = 'main'): References {
  const found = new Map<string, Broken>();
  for (const [table, references] of Map.groupBy(readReferences(db, pack, schema), (each) => each.table)) {
    const broken = violations(db, table, schema);
    for (const { id, label } of references) {
      const rows = broken === null ? -1 : (found.get(nameKey(label))?.rows ?? 0) + (broken.get(id) ?? 0);
      found.set(nameKey(label), { label, rows });
    }
  }
  return found;
}

/** Those of which more rows lead nowhere than before, or that can no longer be checked; in words. */
export const worsened = (before: References, after: References): string[] =>
  [...after].flatMap(([key, { label, rows: now }]) => {
    const earlier = before.get(key)?.rows ?? 0;
    if (earlier < 0 || (now >= 0 && now <= earlier)) return [];
    return [now < 0 ? `${label} can no longer be checked` : `${label}: ${now} now, ${earlier} before`];
  });

/**
 * References of others to rows that only the issue rows of contracting steps hold, in words. Those rows tell it of any
 * file, whatever run took them out of their table and whatever other programs have done since.
 */
export function leftBehind(db: Db, pack: Pack): string[] {
  if (!tableExists(db, '_phasewise_quarantine')) return [];
  return readReferences(db, pack, 'main').flatMap((reference) => {
    const { rows, named } = findLeftBehind(db, pack, reference);
    return rows === 0 ? [] : [`${reference.label}: ${some(rows, 'row')}, to ${named}`];
  });
}

/**
 * Asked before the commit of a step that takes something away.
 * @throws CodedError E_INVARIANT
 */
export function assertReferencesKept(db: Db, pack: Pack, before: References): void {
  const lost = worsened(before, referencesOfOthers(db, pack));
  if (lost.length === 0) return;
  const named = leftBehind(db, pack); // says which rows
  throw brokenReferences(named.length >= lost.length ? named : [...lost, ...named], 'The step was taken back.');
}

/**
 * Of steps that are committed already, so nothing is taken back here.
 * @throws CodedError E_INVARIANT
 */
export function assertNoneLeftBehind(db: Db, pack: Pack): void {
  const left = leftBehind(db, pack);
  if (left.length > 0) throw brokenReferences(left, 'Those rows are kept whole among the issue rows.');
}

/** Continuing is of use once they are changed, and of none before. */
const brokenReferences = (found: readonly string[], outcome: string): CodedError =>
  coded(
    'E_INVARIANT',
    `Tables that somebody added refer to rows that have no place any more. ${found.join('; ')}. ${outcome}`,
    { references: found.join('; ') },
    {
      nextStep:
        'Change or remove the rows that refer to them, with the program that made those tables, then continue the upgrade. Or restore the backup.',
    },
  );

function readReferences(db: Db, pack: Pack, schema: string): Reference[] {
  const rows = db
    .prepare<[{ schema: string }], { name: string; id: number; parent: string; from: string; to: string | null }>(
      `SELECT m.name, f.id, f."table" AS parent, f."from", f."to"
       FROM ${quoteName(schema)}.sqlite_schema AS m, pragma_foreign_key_list(m.name, :schema) AS f
       WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`,
    )
    .all({ schema });
  return [...Map.groupBy(rows, ({ name, id }) => `${id} ${name}`).values()].flatMap((columns) => {
    const [first] = columns;
    if (first === undefined) return [];
    const { name: table, id, parent } = first;
    const from = columns.map((column) => column.from);
    const isOurs = isFamilyTable(pack, table) && from.every((column) => isFamilyColumn(pack, table, column));
    const to = columns.flatMap((column) => column.to ?? []);
    return isOurs ? [] : [{ id, label: `${table} (${from.join(', ')})`, table, from, parent, to }];
  });
}

/** By the id of the reference; null where SQLite refuses to check the table. */
function violations(db: Db, table: string, schema: string): Map<number, number> | null {
  try {
    const rows = db
      .prepare<[string, string], [number, number]>(
        `SELECT fkid, count(*) FROM pragma_foreign_key_check(?, ?) GROUP BY fkid`,
      )
      .raw()
      .all(table, schema);
    return new Map(rows);
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return null;
  }
}

/** How many, and by which values of theirs. */
interface LeftBehind {
  readonly rows: number;
  readonly named: string;
}

function findLeftBehind(db: Db, pack: Pack, reference: Reference): LeftBehind {
  const { id, table, from, parent } = reference;
  if (!tableExists(db, parent) || (violations(db, table, 'main')?.get(id) ?? 0) === 0) return { rows: 0, named: '' };
  const to = reference.to.length > 0 ? reference.to : keyOf(db, parent);
  const { tables } = removalOf(pack.migrations);
  const names = [parent, ...[...tables].flatMap(([old, now]) => (nameKey(now) === nameKey(parent) ? [old] : []))];
  const walks = pack.migrations
    .filter(({ kind }) => kind === 'contract')
    .flatMap(({ id: migration, backfills = [] }) => backfills.map(({ name }) => `${migration}/${name}`));
  const values = from.map((name) => `c.${quoteName(name)}`);
  const texts = values.map((value) => `CAST(${value} AS TEXT)`);
  const held = to.map(
    (name) =>
      `(SELECT CAST(value AS TEXT) FROM json_each(q.row_json) WHERE key = ${quoteText(name)} COLLATE NOCASE LIMIT 1)`,
  );
  const sql = `SELECT count(*) OVER () AS rows, substr(${texts.join(` || ' / ' || `)}, 1, 80) AS named
    FROM main.${quoteName(table)} AS c
    WHERE ${values.map((value) => `${value} IS NOT NULL`).join(' AND ')}
      AND NOT EXISTS (SELECT 1 FROM main.${quoteName(parent)} AS p
        WHERE ${to.map((name, at) => `p.${quoteName(name)} = ${values[at]}`).join(' AND ')})
      AND (${texts.join(', ')}) IN (
        SELECT ${held.join(', ')} FROM main._phasewise_quarantine AS q WHERE q.is_placed = 0 AND json_valid(q.row_json)
          AND lower(q.source_table) IN (SELECT value FROM json_each(:names))
          AND q.backfill_id IN (SELECT value FROM json_each(:walks)))
    LIMIT ${MOST_NAMED}`;
  const bound = { names: JSON.stringify(names.map(nameKey)), walks: JSON.stringify(walks) };
  const found = db.prepare<[typeof bound], LeftBehind>(sql).all(bound);
  return { rows: found[0]?.rows ?? 0, named: found.map(({ named }) => named).join(', ') };
}
const MOST_NAMED = 5;

const keyOf = (db: Db, table: string): string[] =>
  db.prepare<[string], string>(`SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`).pluck().all(table);
