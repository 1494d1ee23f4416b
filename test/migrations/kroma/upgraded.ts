import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import type { ExitCriterion, Proof } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { applyMigration } from '../../support/run-migration.ts';

/** Applies every migration up to this phase, in the order of a run, and notes that the phase was reached. */
export function upgradeTo(db: Db, phase: number): void {
  const steps = kroma.migrations
    .filter((migration) => migration.phase <= phase)
    .toSorted((a, b) => a.phase - b.phase || a.order - b.order);
  for (const { id } of steps) {
    const findings = applyMigration(db, id)?.findings ?? [];
    if (findings.length > 0) throw new Error(`${id}: ${findings.join('; ')}`);
    db.prepare(
      `INSERT OR REPLACE INTO _phasewise_migrations (id, phase, checksum, run_id, seq, applied_at, duration_ms, schema_sha256)
       VALUES (?, 0, '', 'run-1', 1, 't', 0, '')`,
    ).run(id);
  }
  db.prepare(`INSERT OR REPLACE INTO _phasewise_checkpoints VALUES (?, 't', 'run-1', '[]')`).run(phase);
}

/** Changes rows as damage does: no trigger answers. */
export function damage(db: Db, sql: string): void {
  const triggers = db
    .prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
    .all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`);
  db.exec(sql);
  for (const trigger of triggers) db.exec(trigger.sql);
}

export const criteriaOf = (phase: number): readonly ExitCriterion[] =>
  kroma.phases.find(({ number }) => number === phase)?.exitCriteria ?? [];

/** What is not met, each with everything that its evidence says. */
export function unmetOf(db: Db, phase: number, proof?: Proof): { id: string; text: string }[] {
  const schema = readSchema(db);
  return criteriaOf(phase).flatMap(({ id, check }) => {
    const { met, summary, evidence } = check(db, schema, proof);
    return met ? [] : [{ id, text: [summary, ...evidence.map(({ label, text }) => `${label}: ${text}`)].join('\n') }];
  });
}
