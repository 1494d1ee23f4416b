import { quoteName, type Db, type SqlValue } from '@engine/migration.ts';

export type Row = Record<string, SqlValue>;
type Statement = { run(...values: unknown[]): unknown };
export type WriteRow = (table: string, row: Row, onConflict?: string) => void;

/** Writes rows given as objects; statements are prepared once per set of columns. */
export function rowWriter(db: Db): WriteRow {
  const statements = new Map<string, Statement>();
  return (table, row, onConflict = '') => {
    const columns = Object.keys(row);
    const key = `${table}(${columns.join()})${onConflict}`;
    let statement = statements.get(key);
    if (!statement) {
      const values = columns.map(() => '?').join();
      statement = db.prepare(
        `INSERT INTO ${quoteName(table)}(${columns.map(quoteName).join()}) VALUES (${values}) ${onConflict}`,
      );
      statements.set(key, statement);
    }
    statement.run(...Object.values(row));
  };
}

/** JSON as the program stores it: compact, other scripts unescaped. */
export const json = (value: unknown): string => JSON.stringify(value);
