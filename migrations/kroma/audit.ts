import { columnExists, columnNames, isRecorded, type AuditEvent, type AuditTrail, type Db } from '@engine/migration.ts';

/** The migration that gives the table its final columns. */
const migration = '20260221_0016_audit_events';

/** Old columns that a row must still fill, and what with. */
const oldColumns = { action: ':code', details_json: ':payload' } as const;

/** What Phasewise does with a file is noted in the table where the program notes its own doings. */
export const audit: AuditTrail = {
  table: 'audit_events',

  /** True once the columns are filled for good: recorded as applied, or nothing old is left that could fill them. */
  isReady: (db) =>
    columnExists(db, 'audit_events', 'event_code') &&
    columnExists(db, 'audit_events', 'payload_json') &&
    (isRecorded(db, migration) || !columnExists(db, 'audit_events', 'action')),

  record(db: Db, { id, code, projectId, payload, createdAt }) {
    const present = new Set(columnNames(db, 'audit_events').map((name) => name.toLowerCase()));
    const old = Object.entries(oldColumns).filter(([column]) => present.has(column));
    // A project that is gone must not fail the note: the reference would not hold.
    db.prepare(
      `INSERT INTO audit_events (id, project_id, event_code, payload_json, created_at${old.map(([column]) => `, ${column}`).join('')})
       SELECT :id, (SELECT id FROM projects WHERE id = :projectId), :code, :payload, :createdAt${old.map(([, value]) => `, ${value}`).join('')}
       WHERE NOT EXISTS (SELECT 1 FROM audit_events WHERE id = :id)`,
    ).run({ id, projectId, code, payload: JSON.stringify(payload), createdAt });
  },

  between(db, firstId, lastId) {
    const sql = `SELECT id, event_code AS code, payload_json AS payload FROM audit_events
      WHERE id BETWEEN ? AND ? AND json_valid(payload_json) ORDER BY id`;
    const rows = db.prepare<string[], { id: string; code: string; payload: string }>(sql).all(firstId, lastId);
    return rows.map(({ payload, ...event }) => ({ ...event, payload: JSON.parse(payload) as AuditEvent['payload'] }));
  },
};
