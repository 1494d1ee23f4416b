import Database from 'better-sqlite3';

/** Writes as another program does: the file is opened, changed and closed; it is made where there is none. */
export function writeSql(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

/** The id of some row of a table that has one; empty = the table is. */
export function someId(file: string, table: string): string {
  const db = new Database(file, { readonly: true });
  const id = db.prepare<[], string>(`SELECT id FROM "${table}" LIMIT 1`).pluck().get() ?? '';
  db.close();
  return id;
}
