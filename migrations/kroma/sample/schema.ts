import { quoteText, type Db } from '@engine/migration.ts';
import { conversationTables } from './schema-conversations.ts';
import { coreTables } from './schema-core.ts';

/** Added by ALTER right after the tables in every legacy file, so they stand last. */
const workerColumns = [
  'attempts INTEGER NOT NULL DEFAULT 0',
  'max_attempts INTEGER NOT NULL DEFAULT 3',
  'next_attempt_at TEXT',
  'last_error TEXT',
  'locked_by TEXT',
  'locked_at TEXT',
  "agent_response_json TEXT NOT NULL DEFAULT '{}'",
];

const indexes = [
  'CREATE INDEX idx_projects_user ON projects(user_id)',
  'CREATE INDEX idx_runs_project ON runs(project_id)',
  'CREATE INDEX idx_jobs_run ON run_jobs(run_id)',
  'CREATE INDEX idx_candidates_job ON run_job_candidates(job_id)',
  'CREATE INDEX idx_assets_project ON assets(project_id)',
  'CREATE INDEX idx_project_api_secrets_proj ON project_api_secrets(project_id)',
  'CREATE INDEX idx_chat_sessions_project ON chat_sessions(project_id, updated_at)',
  'CREATE INDEX idx_chat_messages_session ON chat_messages(session_id, created_at)',
  'CREATE INDEX idx_agent_instructions_project ON agent_instructions(project_id, status, priority, created_at)',
  'CREATE INDEX idx_agent_instruction_events_instr ON agent_instruction_events(instruction_id, created_at)',
  'CREATE INDEX idx_voice_requests_project ON voice_requests(project_id, status, created_at)',
  'CREATE INDEX idx_agent_instructions_queue ON agent_instructions(status, priority, next_attempt_at, created_at)',
];

/** What the program recorded about itself: version and note. */
export const legacyMarkers = [
  ['20260220_0001_base_schema', 'base schema + chat + storage + exports'],
  ['20260220_0002_instruction_queue', 'instruction retries/locks columns'],
  ['20260220_0003_project_api_secrets', 'encrypted provider secret storage'],
] as const;

/** Tables, worker columns and indexes of the legacy version, in the order in which the program makes them. */
export function createLegacySchema(db: Db): void {
  for (const statement of [...coreTables, ...conversationTables]) db.exec(statement);
  const queueIndex = indexes.at(-1) ?? '';
  for (const statement of indexes.slice(0, -1)) db.exec(statement);
  for (const column of workerColumns) db.exec(`ALTER TABLE agent_instructions ADD COLUMN ${column}`);
  db.exec(queueIndex);
}

/** @param appliedAt the same second for all markers, as in files of the program. */
export function recordLegacyMarkers(db: Db, appliedAt: string): void {
  for (const [version, note] of legacyMarkers) {
    db.exec(
      `INSERT INTO schema_migrations(version, note, applied_at) VALUES (${[version, note, appliedAt].map(quoteText).join()})`,
    );
  }
}
