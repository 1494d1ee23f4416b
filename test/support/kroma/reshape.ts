import type { Db } from '@engine/migration.ts';

/**
 * Writes a table's definition anew, as somebody's own tool had declared it.
 * @param from a part of the definition as it stands; it must be there.
 */
export function reshape(db: Db, table: string, from: string, to: string): void {
  db.unsafeMode(true);
  db.pragma('writable_schema = ON');
  const { changes } = db
    .prepare(`UPDATE sqlite_schema SET sql = replace(sql, :from, :to) WHERE name = :table AND instr(sql, :from) > 0`)
    .run({ table, from, to });
  db.pragma('writable_schema = RESET');
  db.unsafeMode(false);
  if (changes !== 1) throw new Error(`${table} has no ${from}`);
  db.exec('REINDEX');
}
