import type { Db } from '@engine/migration.ts';

const prepared = new WeakMap<Db, Map<string, ReturnType<Db['prepare']>>>();

/**
 * A statement that every chunk of a backfill repeats, prepared once per connection: into a table with triggers that
 * takes milliseconds. SQLite prepares it again by itself when the schema changes. Part of the migrations that import it.
 */
export function preparedOnce(db: Db, sql: string): ReturnType<Db['prepare']> {
  const statements = prepared.get(db) ?? new Map<string, ReturnType<Db['prepare']>>();
  prepared.set(db, statements);
  const statement = statements.get(sql) ?? db.prepare(sql);
  statements.set(sql, statement);
  return statement;
}
