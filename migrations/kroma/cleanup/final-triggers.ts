import { columnExists, ensureTriggers, quoteName, tableExists, type Db } from '@engine/migration.ts';
import { auditTriggers } from '../triggers/audit-triggers.ts';
import { legacyToCanonical } from '../triggers/mirror-triggers.ts';

/**
 * Which of our triggers go when the direction turns, and which outlive the old names: those that write the list of
 * events, and those that link files. Part of the contracting migrations and as immutable as they are.
 */
export const outlives = (name: string): boolean =>
  name.startsWith('_phasewise_0008_') || Object.hasOwn(auditTriggers(false), name);

/** Triggers that carry old names over to new ones. */
export const turningTriggers = (db: Db): string[] => legacyToCanonical(db).filter((name) => !outlives(name));

interface TriggerText {
  readonly name: string;
  readonly sql: string;
}

/** All of ours but those, with their texts. */
export function keptTriggers(db: Db): TriggerText[] {
  const turning = new Set(turningTriggers(db));
  return db
    .prepare<[], TriggerText>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*' ORDER BY rowid`,
    )
    .all()
    .filter(({ name }) => !turning.has(name));
}

/** All of ours on one table. */
export const ownTriggersOn = (db: Db, table: string): TriggerText[] =>
  db
    .prepare<[string], TriggerText>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_*'
         AND tbl_name = ? COLLATE NOCASE ORDER BY rowid`,
    )
    .all(table);

/** What is done here is neither to be carried to the other names nor to be noted as somebody's work. */
export function withoutTriggers(db: Db, triggers: readonly TriggerText[], work: () => void): void {
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${quoteName(name)}`);
  work();
  for (const { sql } of triggers) db.exec(sql);
}

/** The triggers that write the list of events, for the columns that the tables have by now. */
export function ensureAuditTriggers(db: Db): void {
  if (!tableExists(db, 'audit_events')) return;
  const hasOld = (table: string, column: string) => columnExists(db, table, column);
  ensureTriggers(db, auditTriggers(hasOld('audit_events', 'action'), hasOld('project_exports', 'export_path')));
}

/** One row: whether the direction was turned. */
export const switchTable = '_phasewise_cut_over';
export const isTurned = (db: Db): boolean =>
  tableExists(db, switchTable) && db.prepare(`SELECT 1 FROM ${switchTable} WHERE is_turned = 1`).get() !== undefined;
