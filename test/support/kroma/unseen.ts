import type { Db } from '@engine/migration.ts';

/** Statements that no trigger of ours sees, as if a program had changed one side alone in a file that lacks them. */
export function unseen(db: Db, sql: string): void {
  const triggers = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*'`,
    )
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.exec(sql);
  for (const trigger of triggers) db.exec(trigger.sql);
}
