import { createHash } from 'node:crypto';
import { coded } from '@shared/errors.ts';
import type { ColumnInfo, Db, ForeignKeyInfo, IndexInfo, Schema, TableInfo } from './migration.ts';
import { sqliteCode } from './sqlite-error.ts';

/** More objects than any project database has: reading on would only serve to keep us busy. */
const MOST_OBJECTS = 5_000;
/** Nor has any so much text in its schema, characters: a hundred times the largest family. */
const MOST_TEXT = 8_000_000;

/** SQLite compares names without regard to the case of A–Z, and of no other letter. */
export const nameKey = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Reads the whole schema: tables, views, columns, indexes, foreign keys, triggers. No row is read.
 * @throws CodedError E_SCHEMA_TOO_COMPLEX above 5,000 objects or 8 million characters of SQL; SqliteError when the schema cannot be parsed.
 */
export function readSchema(db: Db): Schema {
  const count = db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get() ?? 0;
  if (count > MOST_OBJECTS) {
    throw coded('E_SCHEMA_TOO_COMPLEX', `The database has ${count} tables, indexes and other objects.`, { count });
  }
  const text = db.prepare<[], number>(`SELECT coalesce(sum(length(sql)), 0) FROM sqlite_schema`).pluck().get() ?? 0;
  if (text > MOST_TEXT) {
    throw coded('E_SCHEMA_TOO_COMPLEX', `The description of the tables alone is ${text} characters long.`, { text });
  }
  const tables = new Map(readTables(db).map((table) => [nameKey(table.name), table]));
  const table = (name: string) => tables.get(nameKey(name));
  return {
    tables,
    triggers: readTriggers(db),
    table,
    column: (of, column) => table(of)?.columns.find(({ name }) => nameKey(name) === nameKey(column)),
  };
}

/**
 * SHA-256 over the text of every object that somebody created, in a fixed order. SQLite's own objects (sequences,
 * statistics, automatic indexes) follow from the others or carry no meaning, so they do not count.
 */
export function schemaSha256(db: Db): string {
  const rows = db
    .prepare<[], [string, string, string, string]>(
      `SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name, tbl_name`,
    )
    .raw()
    .all();
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

interface ListedTable {
  name: string;
  kind: TableInfo['kind'];
  isWithoutRowid: number;
  isStrict: number;
  sql: string | null;
}

function readTables(db: Db): TableInfo[] {
  const listed = db
    .prepare<[], ListedTable>(
      `SELECT l.name, l.type AS kind, l.wr AS isWithoutRowid, l.strict AS isStrict, s.sql
       FROM pragma_table_list AS l JOIN sqlite_schema AS s ON s.name = l.name AND s.type IN ('table', 'view')
       WHERE l.schema = 'main' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name`,
    )
    .all();
  return listed.map((table) => ({
    name: table.name,
    kind: table.kind,
    sql: table.sql ?? '',
    isWithoutRowid: table.isWithoutRowid === 1,
    isStrict: table.isStrict === 1,
    columns: readColumns(db, table),
    indexes: readIndexes(db, table.name),
    foreignKeys: readForeignKeys(db, table.name),
  }));
}

function readColumns(db: Db, table: ListedTable): ColumnInfo[] {
  const statement = db.prepare<
    [string],
    { name: string; type: string; notnull: number; dflt_value: string | null; pk: number; hidden: number }
  >('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)');
  try {
    return statement.all(table.name).map((column) => ({
      name: column.name,
      type: column.type,
      notNull: column.notnull === 1,
      defaultSql: column.dflt_value,
      primaryKeyPosition: column.pk,
      hidden: column.hidden,
    }));
  } catch (error) {
    // A view over something that is gone, or a module that we do not have: its columns are unknowable, the rest is not.
    if (sqliteCode(error) === 'SQLITE_ERROR' && (table.kind === 'view' || table.kind === 'virtual')) return [];
    throw error;
  }
}

function readIndexes(db: Db, table: string): IndexInfo[] {
  const sqlOf = db
    .prepare<[string], string | null>(`SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?`)
    .pluck();
  const columnsOf = db.prepare<[string], { name: string | null; descending: number }>(
    'SELECT name, "desc" AS descending FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno',
  );
  return db
    .prepare<[string], { name: string; isUnique: number; origin: 'c' | 'u' | 'pk'; isPartial: number }>(
      'SELECT name, "unique" AS isUnique, origin, partial AS isPartial FROM pragma_index_list(?) ORDER BY name',
    )
    .all(table)
    .map((index) => ({
      name: index.name,
      isUnique: index.isUnique === 1,
      origin: index.origin,
      isPartial: index.isPartial === 1,
      columns: columnsOf.all(index.name).map(({ name, descending }) => ({ name, descending: descending === 1 })),
      sql: sqlOf.get(index.name) ?? null,
    }));
}

function readForeignKeys(db: Db, table: string): ForeignKeyInfo[] {
  const rows = db
    .prepare<[string], { id: number; table: string; from: string; to: string | null; onDelete: string }>(
      'SELECT id, "table", "from", "to", on_delete AS onDelete FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    )
    .all(table);
  const byId = Map.groupBy(rows, ({ id }) => id);
  return [...byId.values()].map((parts) => ({
    from: parts.map(({ from }) => from),
    table: parts[0]?.table ?? '',
    // No target column named = the parent's primary key.
    to: parts.flatMap(({ to }) => (to === null ? [] : [to])),
    onDelete: parts[0]?.onDelete ?? 'NO ACTION',
  }));
}

const readTriggers = (db: Db): { name: string; table: string; sql: string }[] =>
  db
    .prepare<[], { name: string; table: string; sql: string }>(
      `SELECT name, tbl_name AS "table", coalesce(sql, '') AS sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name`,
    )
    .all();
