import { describe, expect, it } from 'vitest';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  applyUpTo,
  contentOf,
  findingsOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, project, user } from './rows.ts';

const id = '20260221_0017_index_updates';
const folder = temporaryFolder();
const open = madeOnceOf(folder, (file, rows: Parameters<typeof legacyDatabase>[1] = household, before?: string) => {
  const db = legacyDatabase(file, rows);
  if (before) db.exec(before);
  applyUpTo(db, '20260221_0015');
  return db;
});
const names = (db: ReturnType<typeof open>) =>
  rowsOf(db, `SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE '%claims%' ORDER BY name`).flat();

describe('the indexes of the specification', () => {
  const queries: [name: string, sql: string, plan: RegExp][] = [
    [
      'projects of an owner',
      `SELECT * FROM projects WHERE owner_user_id = 'u' AND slug = 's'`,
      /owner_user_id=\? AND slug=\?/,
    ],
    [
      'runs of a project, newest first',
      `SELECT * FROM runs WHERE project_id = 'p' ORDER BY created_at DESC`,
      /idx_runs_project_id_created_at_desc \(project_id=\?\)$/,
    ],
    [
      'jobs of a run by status',
      `SELECT * FROM run_jobs WHERE run_id = 'r' AND status = 'done'`,
      /run_id=\? AND status=\?/,
    ],
    [
      'a candidate of a job',
      `SELECT * FROM run_candidates WHERE job_id = 'j' AND candidate_index = 1`,
      /job_id=\? AND candidate_index=\?/,
    ],
    [
      'files of a kind, newest first',
      `SELECT * FROM assets WHERE project_id = 'p' AND kind = 'k' ORDER BY created_at DESC`,
      /project_id=\? AND kind=\?\)$/,
    ],
    [
      'files by checksum',
      `SELECT * FROM assets WHERE project_id = 'p' AND sha256 = 'x'`,
      /project_id=\? AND sha256=\?/,
    ],
    [
      'chats of a project, newest first',
      `SELECT * FROM chat_sessions WHERE project_id = 'p' ORDER BY updated_at DESC`,
      /chat_sessions.*\(project_id=\?\)$/,
    ],
    [
      'messages of a chat',
      `SELECT * FROM chat_messages WHERE session_id = 's' ORDER BY created_at`,
      /idx_chat_messages_session \(session_id=\?\)$/,
    ],
    [
      'events of an instruction',
      `SELECT * FROM agent_instruction_events WHERE instruction_id = 'i' ORDER BY created_at`,
      /\(instruction_id=\?\)$/,
    ],
  ];
  it.each(queries)('serve %s', (_, sql, plan) => {
    const db = open();
    expect(applyMigration(db, id)).toEqual({ accounts: {}, findings: [] });

    const steps = db
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail);

    expect(steps).toHaveLength(1); // a second step would be a sort
    expect(steps[0]).toMatch(plan);
  });

  it('stand beside those that are there, which stay', () => {
    const db = open();
    const before = names(db);
    applyMigration(db, id);

    expect(names(db)).toEqual(expect.arrayContaining(before));
    expect(names(db).filter((name) => !before.includes(name))).toEqual([
      'idx_agent_instructions_project_id_status_priority_created_at_desc',
      'idx_assets_project_id_kind_created_at_desc',
      'idx_assets_project_id_sha256',
      'idx_chat_sessions_project_id_updated_at_desc',
      'idx_run_jobs_run_id_status',
      'idx_runs_project_id_created_at_desc',
      'idx_voice_requests_project_id_status_created_at_desc',
      'uq_projects_owner_slug',
    ]);
  });

  it('are not added twice, and change no row', () => {
    const db = open();
    const content = contentOf(db);
    applyMigration(db, id);
    const after = names(db);

    applyMigration(db, id);

    expect(names(db)).toEqual(after);
    expect(contentOf(db)).toBe(content);
  });

  it('take another name where theirs is used for something else', () => {
    const db = open(household, 'CREATE INDEX idx_run_jobs_run_id_status ON runs (status)');

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(names(db)).toContain('idx_run_jobs_run_id_status_2');
  });

  it('are left out for a table that the newest original does not make', () => {
    const db = open(household, 'DROP TABLE voice_requests');

    expect(applyMigration(db, id)?.findings).toEqual([]);
  });

  it('are missed when one is dropped', () => {
    const db = open();
    applyMigration(db, id);
    db.exec('DROP INDEX idx_runs_project_id_created_at_desc');

    expect(findingsOf(db, id)).toEqual(['the index on runs(project_id, created_at DESC) is missing']);
  });

  it('are not unique where two projects of an owner share a slug', () => {
    const db = open({
      users: [user('u'), user('v')],
      projects: [project('p1', { slug: 's' }), project('p2', { slug: 's', user_id: 'v' })],
    });
    db.exec(`UPDATE projects SET owner_user_id = 'u'`);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(valueOf(db, `SELECT count(*) FROM sqlite_schema WHERE name = 'uq_projects_owner_slug'`)).toBe(0);
  });
});
