import path from 'node:path';
import { expect, it } from 'vitest';
import type { AuditEvent, Db } from '@engine/migration.ts';
import { audit } from '../../../migrations/kroma/audit.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { applyMigration, legacyDatabase, rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household } from './rows.ts';

const id = '20260221_0016_audit_events';
const folder = temporaryFolder();
let files = 0;
const firstShape = baselineTables.find((sql) => sql.includes('TABLE audit_events')) ?? '';

function open(shape = ''): Db {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), household);
  for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
  db.exec(shape);
  return db;
}
const record = (db: Db) =>
  db
    .prepare(
      `INSERT INTO _phasewise_migrations (id, phase, checksum, run_id, seq, applied_at, duration_ms, schema_sha256)
     VALUES (?, 2, '', 'r', 1, 't', 0, '')`,
    )
    .run(id);
const event: AuditEvent = {
  ...{ id: 'phasewise:phase-2', code: 'phasewise.phase_reached', projectId: null },
  ...{ payload: { phase: 2, name: 'Event “tables”' }, createdAt: '2026-11-21T14:02:33Z' },
};

it('is not ready before the table has its columns, nor before they are filled for good', () => {
  const db = open(firstShape);
  expect(audit.isReady(db)).toBe(false);

  applyMigration(db, id);
  expect(audit.isReady(db)).toBe(false);

  record(db);
  expect(audit.isReady(db)).toBe(true);
});

it('is ready where no old column is left', () => {
  const db = open();
  expect(audit.isReady(db)).toBe(false);

  applyMigration(db, id);

  expect(audit.isReady(db)).toBe(true);
});

it('writes an event once, with the old columns where they are', () => {
  for (const shape of ['', firstShape]) {
    const db = open(shape);
    applyMigration(db, id);
    db.pragma('foreign_keys = ON');

    audit.record(db, event);
    audit.record(db, { ...event, code: 'again' });

    expect(rowsOf(db, 'SELECT id, project_id, event_code, payload_json, created_at FROM audit_events')).toEqual([
      [event.id, null, event.code, '{"phase":2,"name":"Event “tables”"}', event.createdAt],
    ]);
    if (shape !== '')
      expect(rowsOf(db, 'SELECT action, details_json = payload_json FROM audit_events')).toEqual([[event.code, 1]]);

    const { id: eventId, code, payload } = event;
    expect(audit.between(db, 'phasewise:phase-2', 'phasewise:phase-9')).toEqual([{ id: eventId, code, payload }]);
    expect(audit.between(db, 'phasewise:phase-3', 'phasewise:phase-9')).toEqual([]);
  }
});

it('names the project while it is there, and none when it is gone', () => {
  const db = open();
  applyMigration(db, id);
  db.pragma('foreign_keys = ON');

  audit.record(db, { ...event, id: 'a', projectId: 'p' });
  audit.record(db, { ...event, id: 'b', projectId: 'gone' });

  expect(rowsOf(db, 'SELECT id, project_id FROM audit_events ORDER BY id')).toEqual([
    ['a', 'p'],
    ['b', null],
  ]);
});
