import { columnNames, quoteName, sha256, tableExists, type Db, type SqlValue } from '@engine/migration.ts';

/** Writing rows into tables that may or may not have their old columns beside the new ones. */

export type Values = Readonly<Record<string, SqlValue>>;

/**
 * Inserts and updates by name. What a table does not have is left out, so one caller serves every shape from phase 4
 * on: it gives a value under its new and its old name.
 */
export interface Rows {
  insert(table: string, values: Values): void;
  update(table: string, id: string, values: Values): void;
  has(table: string, column?: string): boolean;
  one<T>(sql: string, values: Values): T | undefined;
  all<T>(sql: string, values: Values): T[];
}

/** @param db inside the caller's transaction; its schema must not change meanwhile. */
export function openRows(db: Db): Rows {
  const columns = new Map<string, ReadonlySet<string>>();
  const statements = new Map<string, ReturnType<Db['prepare']>>();
  const columnsOf = (table: string): ReadonlySet<string> => {
    const known = columns.get(table) ?? new Set(tableExists(db, table) ? columnNames(db, table) : []);
    columns.set(table, known);
    return known;
  };
  const prepared = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const present = (table: string, values: Values) => Object.keys(values).filter((name) => columnsOf(table).has(name));
  return {
    insert(table, values) {
      const names = present(table, values);
      const list = names.map(quoteName).join(', ');
      prepared(`INSERT INTO ${quoteName(table)} (${list}) VALUES (${names.map((name) => `:${name}`).join(', ')})`).run(
        pick(values, names),
      );
    },
    update(table, id, values) {
      const names = present(table, values);
      if (names.length === 0) return;
      const list = names.map((name) => `${quoteName(name)} = :${name}`).join(', ');
      prepared(`UPDATE ${quoteName(table)} SET ${list} WHERE id = :pwId`).run({ ...pick(values, names), pwId: id });
    },
    has: (table, column) => (column === undefined ? columnsOf(table).size > 0 : columnsOf(table).has(column)),
    one: <T>(sql: string, values: Values) => prepared(sql).get(values) as T | undefined,
    all: <T>(sql: string, values: Values) => prepared(sql).all(values) as T[],
  };
}

const pick = (values: Values, names: readonly string[]): Record<string, SqlValue> =>
  Object.fromEntries(names.map((name) => [name, values[name] ?? null]));

/** An id that every machine makes of the same parts, in the form of those that the original makes. */
export function idOf(...parts: readonly (string | number)[]): string {
  const hex = sha256(JSON.stringify(parts));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

export const isEmpty = (value: unknown): boolean => value === null || value === undefined || value === '';
