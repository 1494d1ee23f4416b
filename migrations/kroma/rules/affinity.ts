import type { Db } from '@engine/migration.ts';

/**
 * What SQLite makes of values by the declared type of a column (its affinity): '007' in a column of numbers is 7, 7 in
 * one of texts is '7'. Between two columns of one affinity every value stays what it is.
 */
type Affinity = 'text' | 'number' | 'real' | 'none';

/** The rules of https://sqlite.org/datatype3.html, in their order. INTEGER and NUMERIC keep values alike. */
function affinityOf(type: string): Affinity {
  if (/INT/i.test(type)) return 'number';
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'text';
  if (type === '' || /BLOB/i.test(type)) return 'none';
  return /REAL|FLOA|DOUB/i.test(type) ? 'real' : 'number';
}

/** In words, which of these columns the table has under a type that keeps values differently. @param types by name. */
export function unlikeColumns(db: Db, table: string, types: Readonly<Record<string, string>>): string[] {
  const found = db
    .prepare<[string], { name: string; type: string }>(`SELECT lower(name) AS name, type FROM pragma_table_xinfo(?)`)
    .all(table);
  return found.flatMap(({ name, type }) => {
    const wanted = Object.hasOwn(types, name) ? types[name] : undefined; // a column may be called like anything
    if (wanted === undefined || affinityOf(type) === affinityOf(wanted)) return [];
    return [`${table}.${name} is ${type === '' ? 'without a type' : type}, not ${wanted}`];
  });
}
