import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { insertRows, type Row } from '../../support/kroma/insert.ts';
import { baselineTables } from '../../support/kroma/schema-baseline.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { exported, household, project, secret } from './rows.ts';

const id = '20260221_0016_audit_events';
const folder = temporaryFolder();
const T = '2026-01-12T12:42:20Z';
const event = (key: string | null, more: Row = {}): Row => ({
  ...{ id: key, project_id: 'p', user_id: 'u', action: 'secret.set', target_type: null, target_id: null },
  ...{ details_json: '{}', created_at: T, ...more },
});
const firstShape = baselineTables.find((sql) => sql.includes('TABLE audit_events')) ?? '';
/** A file made by the program that writes both names has references on both user columns. */
const dualShape = `CREATE TABLE audit_events (id TEXT PRIMARY KEY, project_id TEXT, user_id TEXT, actor_user_id TEXT, action TEXT NOT NULL,
  event_code TEXT NOT NULL DEFAULT 'legacy_event', target_type TEXT, target_id TEXT, details_json TEXT NOT NULL DEFAULT '{}',
  payload_json TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL,
  FOREIGN KEY(project_id) REFERENCES projects(id) ON DELETE SET NULL, FOREIGN KEY(user_id) REFERENCES users(id) ON DELETE SET NULL,
  FOREIGN KEY(actor_user_id) REFERENCES app_users(id) ON DELETE SET NULL)`;

const afterPhase1 = madeOnceOf(folder, (file, more: Record<string, readonly Row[]>) => {
  const db = legacyDatabase(file, { ...household, ...more });
  for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);
  return db;
});
/** A file after phase 1, with events in this shape. */
function open(shape: string | null, events: Row[] = [], more: Record<string, readonly Row[]> = {}): Db {
  const db = afterPhase1(more);
  if (shape !== null) {
    db.exec(shape);
    insertRows(db, 'audit_events', events);
  }
  return db;
}
const all = 'SELECT id, actor_user_id, event_code, payload_json FROM audit_events ORDER BY id';
const old = 'SELECT id, user_id, action, details_json FROM audit_events ORDER BY id';

describe('filling', () => {
  const events = [
    event('e1', { details_json: '{"k":1}', target_type: 'secret', target_id: 's' }),
    event('e2', { action: '', details_json: '' }),
    event('e3', { user_id: null, details_json: '{cut' }),
    event('e4', { details_json: '{"k":NaN}' }),
    event('e5', { user_id: 'gone' }),
  ];

  it('takes code, payload and user from the old columns, and reports details that are no JSON', () => {
    const db = open(firstShape, events);
    const before = rowsOf(db, old);

    expect(applyMigration(db, id)).toEqual({ accounts: { events: '4 / 0 / 1' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['e1', 'u', 'secret.set', '{"k":1}'],
      ['e2', 'u', 'legacy_event', '{}'],
      ['e3', null, 'secret.set', '{cut'],
      ['e4', 'u', 'secret.set', '{"k":NaN}'],
      ['e5', 'gone', 'secret.set', '{}'],
    ]);
    expect(rowsOf(db, old)).toEqual(before);
    expect(rowsOf(db, `SELECT target_type, target_id FROM audit_events WHERE id = 'e1'`)).toEqual([['secret', 's']]);
    expect(issuesOf(db, 'audit_events')).toEqual(['e3: details-unreadable']);
    expect(valueOf(db, 'SELECT detail FROM _phasewise_quarantine')).toBe('details_json is no JSON, it begins {cut');
  });

  it('keeps what a dual file says, fills what still is the default there, and never refers to nobody', () => {
    const db = open(dualShape, [
      event('d1', { event_code: 'run.ingested', payload_json: '{"n":1}', actor_user_id: 'u', details_json: '{"o":1}' }),
      event('d2', { details_json: '{"o":1}' }),
      event('d3', { user_id: 'gone' }),
    ]);

    expect(applyMigration(db, id)).toEqual({ accounts: { events: '1 / 1 / 1' }, findings: [] });

    expect(rowsOf(db, all)).toEqual([
      ['d1', 'u', 'run.ingested', '{"n":1}'],
      ['d2', 'u', 'secret.set', '{"o":1}'],
      ['d3', null, 'secret.set', '{}'],
    ]);
    expect(rowsOf(db, `SELECT source_key, reason, detail, is_placed FROM _phasewise_quarantine`)).toEqual([
      ['d3', 'actor-missing', 'names user gone, which does not exist', 1],
    ]);
  });

  it('makes the table in its final shape where it is missing', () => {
    const db = open(null);

    expect(applyMigration(db, id)).toEqual({ accounts: { events: '0 / 0 / 0' }, findings: [] });

    const columns = `SELECT name, type, "notnull", dflt_value FROM pragma_table_info('audit_events')`;
    expect(rowsOf(db, columns)).toEqual([
      ['id', 'TEXT', 0, null],
      ['project_id', 'TEXT', 0, null],
      ['actor_user_id', 'TEXT', 0, null],
      ['event_code', 'TEXT', 1, null],
      ['payload_json', 'TEXT', 1, `'{}'`],
      ['created_at', 'TEXT', 1, null],
    ]);
    const references = `SELECT "from", "table", on_delete FROM pragma_foreign_key_list('audit_events') ORDER BY 1`;
    expect(rowsOf(db, references)).toEqual([
      ['actor_user_id', 'app_users', 'SET NULL'],
      ['project_id', 'projects', 'SET NULL'],
    ]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const whole = open(firstShape, events);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= events.length; chunks++) {
      const db = open(firstShape, events);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ events: '4 / 0 / 1' });
      expect(applyMigration(db, id)?.accounts).toEqual({ events: '0 / 4 / 1' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a column is empty again, or a trigger is gone', () => {
    const db = open(firstShape, events);
    applyMigration(db, id);
    db.exec(`DROP TRIGGER _phasewise_0016_events_action_update_follows; DROP TRIGGER _phasewise_0016_secrets_delete;
      DROP TRIGGER _phasewise_0016_events_user_id_update_follows;
      UPDATE audit_events SET event_code = 'legacy_event', actor_user_id = NULL WHERE id = 'e1'`);

    expect(findingsOf(db, id)).toEqual([
      'the trigger _phasewise_0016_events_user_id_update_follows is missing',
      'the trigger _phasewise_0016_events_action_update_follows is missing',
      'the trigger _phasewise_0016_secrets_delete is missing',
      '1 audit events whose code or payload stands in the old column only',
      '1 audit events whose user stands in the old column only',
    ]);
  });
});

describe.each([
  ['first shape, foreign keys', firstShape, 'ON', 'OFF'],
  ['first shape, recursive triggers', firstShape, 'OFF', 'ON'],
  ['dual shape, foreign keys', dualShape, 'ON', 'OFF'],
  ['dual shape, both', dualShape, 'ON', 'ON'],
  ['dual shape, none', dualShape, 'OFF', 'OFF'],
])('a program writing events: %s', (_, shape, foreignKeys, recursive) => {
  function opened(events: Row[] = []): Db {
    const db = open(shape, events, { users: [...household.users, { ...household.users[0], id: 'v', username: 'v' }] });
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${foreignKeys}`);
    db.pragma(`recursive_triggers = ${recursive}`);
    return db;
  }
  const both = 'SELECT id, user_id, actor_user_id, action, event_code, details_json, payload_json FROM audit_events';

  it('fills the side that an insert left empty', () => {
    const db = opened();

    db.exec(`INSERT INTO audit_events (id, user_id, action, details_json, created_at) VALUES ('a', 'u', 'x', '{"a":1}', 't');
      INSERT INTO audit_events (id, action, details_json, created_at) VALUES ('b', '', '', 't');
      INSERT INTO audit_events (id, actor_user_id, action, event_code, payload_json, created_at) VALUES ('c', 'u', '', 'y', '{"b":1}', 't');
      INSERT OR REPLACE INTO audit_events (id, user_id, actor_user_id, action, event_code, details_json, payload_json, created_at)
        VALUES ('d', 'u', 'v', 'x', 'y', '{"a":1}', '{"b":1}', 't')`);

    expect(rowsOf(db, `${both} ORDER BY id`)).toEqual([
      ['a', 'u', 'u', 'x', 'x', '{"a":1}', '{"a":1}'],
      ['b', null, null, '', 'legacy_event', '', '{}'],
      ['c', 'u', 'u', 'y', 'y', '{"b":1}', '{"b":1}'],
      ['d', 'u', 'v', 'x', 'y', '{"a":1}', '{"b":1}'],
    ]);
  });

  it('lets the other side follow an update, and leaves both where both are written', () => {
    const db = opened([event('e', { details_json: '{"a":1}' })]);
    const after = (sql: string) => {
      db.exec(sql);
      return rowsOf(db, both)[0]?.slice(1);
    };

    expect(after(`UPDATE audit_events SET action = 'b', details_json = '', user_id = NULL`)).toEqual([
      null,
      null,
      'b',
      'b',
      '',
      '{}',
    ]);
    expect(after(`UPDATE audit_events SET event_code = 'c', payload_json = '{"n":1}', actor_user_id = 'v'`)).toEqual([
      'v',
      'v',
      'c',
      'c',
      '{"n":1}',
      '{"n":1}',
    ]);
    expect(after(`UPDATE audit_events SET action = 'd', event_code = 'e', payload_json = '{}'`)).toEqual([
      'v',
      'v',
      'd',
      'e',
      '{}',
      '{}',
    ]);
    expect(after(`UPDATE audit_events SET action = ''`)).toEqual(['v', 'v', '', 'legacy_event', '{}', '{}']);
    expect(after(`UPDATE audit_events SET event_code = ''`)?.slice(2, 4)).toEqual(['', '']);
  });
});

it('never fails the write of a program whose user the other table does not know', () => {
  const db = open(dualShape);
  applyMigration(db, id);
  db.exec(`DROP TRIGGER _phasewise_0001_users_insert; INSERT INTO users SELECT 'w', 'w', 'W', NULL, 1, 't', 't'`);
  db.pragma('foreign_keys = ON');

  db.exec(`INSERT INTO audit_events (id, user_id, action, created_at) VALUES ('a', 'w', 'x', 't')`);
  db.exec(`UPDATE audit_events SET user_id = 'u'; UPDATE audit_events SET user_id = 'w'`);

  expect(rowsOf(db, 'SELECT user_id, actor_user_id FROM audit_events')).toEqual([['w', null]]);
});

describe.each([
  ['in the final shape', null, 'ON'],
  ['with old columns', firstShape, 'ON'],
  ['with old columns, foreign keys off', dualShape, 'OFF'],
])('what programs do is noted %s', (_, shape, foreignKeys) => {
  function opened(): Db {
    const db = open(shape, [], { project_api_secrets: [secret('s1')], project_exports: [exported('x1')] });
    applyMigration(db, id);
    db.exec(`INSERT INTO agent_instructions (id, project_id, instruction_type, payload_json, status, created_at, updated_at)
      VALUES ('i', 'p', 'qa_check', '{}', 'queued', 't', 't')`);
    db.pragma(`foreign_keys = ${foreignKeys}`);
    return db;
  }
  const noted = (db: Db) =>
    rowsOf(db, 'SELECT project_id, event_code, payload_json FROM audit_events ORDER BY rowid').map(
      ([of, code, payload]) => [of, code, JSON.parse(String(payload))],
    );
  const by = { recorded_by: 'phasewise' };

  it('nothing by the upgrade itself', () => {
    const db = opened();
    for (const migration of kroma.migrations.filter(({ phase }) => phase === 1)) applyMigration(db, migration.id);

    expect(noted(db)).toEqual([]);
  });

  it('a secret that is added, changed and removed, without its value or its key', () => {
    const db = opened();

    db.exec(`INSERT INTO project_api_secrets (id, project_id, provider_code, secret_name, secret_ciphertext, key_ref, created_at, updated_at)
      VALUES ('s2', 'p', 'flux', x'00ff', 'CIPHER', 'KEYREF', 't', 't')`);
    db.exec(`UPDATE project_api_secrets SET secret_ciphertext = 'x', updated_at = 'u' WHERE id = 's1'`); // as it was
    db.exec(`UPDATE project_api_secrets SET secret_ciphertext = 'CIPHER' WHERE id = 's1'`);
    db.exec(`UPDATE project_api_secrets SET key_ref = 'KEYREF' WHERE id = 's1'`);
    db.exec(`DELETE FROM project_api_secrets WHERE id = 's1'`);

    const one = { provider_code: 'openai', secret_name: 's1', ...by };
    expect(noted(db)).toEqual([
      ['p', 'secret.created', { provider_code: 'flux', secret_name: expect.any(String), ...by }],
      ['p', 'secret.updated', one],
      ['p', 'secret.updated', one],
      ['p', 'secret.deleted', one],
    ]);
    expect(JSON.stringify(rowsOf(db, 'SELECT * FROM audit_events'))).not.toMatch(/CIPHER|KEYREF/);
  });

  it('where files lie, when it really changes', () => {
    const db = opened();

    db.exec(`UPDATE project_storage SET local_base_dir = local_base_dir, updated_at = 'u'`);
    db.exec(`UPDATE project_storage SET local_base_dir = 'art'`);
    db.exec(
      `UPDATE projects SET settings_json = '{"storage":{"local":{"base_dir":"new"},"s3":{"bucket":"b","enabled":true}}}'`,
    );

    expect(noted(db)).toEqual([
      ['p', 'storage.local.updated', { base_dir: 'art', project_root: null, ...by }],
      ...noted(db).slice(1),
    ]);
    const s3 = { enabled: '1', bucket: 'b', prefix: 'iat-projects', region: null, profile: null, endpoint_url: null };
    expect(noted(db).slice(1)).toEqual(
      expect.arrayContaining([
        ['p', 'storage.local.updated', { base_dir: 'new', project_root: null, ...by }],
        ['p', 'storage.s3.updated', { ...s3, ...by }],
      ]),
    );
    expect(noted(db)).toHaveLength(3);
  });

  it('an export with its format, and the state of an instruction', () => {
    const db = opened();

    db.exec(`INSERT INTO project_exports (id, project_id, export_path, created_at) VALUES ('x2', 'p', 'exports\\A.ZIP ', 't'),
      ('x3', 'p', 'exports/a.tgz', 't')`);
    db.exec(
      `UPDATE agent_instructions SET status = 'queued', priority = 1; UPDATE agent_instructions SET status = 'running'`,
    );

    expect(noted(db)).toEqual([
      ['p', 'project.exported', { format: 'zip', ...by }],
      ['p', 'project.exported', { format: 'tar.gz', ...by }],
      ['p', 'instruction.status_changed', { from: 'queued', to: 'running', type: 'qa_check', ...by }],
    ]);
  });

  it('a project that takes its secrets along, without failing', () => {
    const db = opened();
    db.exec(`DELETE FROM project_api_secrets; DELETE FROM audit_events`);
    insertRows(db, 'projects', [project('q')]);
    insertRows(db, 'project_api_secrets', [secret('s3', { project_id: 'q' })]);

    db.exec(`DELETE FROM projects WHERE id = 'q'`);

    const deleted = noted(db).filter(([, code]) => code === 'secret.deleted');
    expect(deleted.map(([of]) => of)).toEqual(foreignKeys === 'ON' ? [null] : []);
  });

  it.runIf(shape !== null)('fills the old columns of its notes, too', () => {
    const db = opened();
    db.exec(`DELETE FROM project_api_secrets`);

    expect(rowsOf(db, `SELECT action = event_code, details_json = payload_json FROM audit_events`)).toEqual([[1, 1]]);
  });
});
