import type { CanonicalTable } from '@engine/migration.ts';
import { FINAL, flag, id, json, link, owner, real, required, text, word } from './canonical-columns.ts';

/** Phase 2: what was measured, what it cost, who did what. */

const qualityReports: CanonicalTable = {
  name: 'quality_reports',
  group: 'Events',
  priority: 'must-v1',
  phase: 2,
  columns: [
    id(),
    owner('project_id', 'projects'),
    link('run_id', 'runs'),
    link('job_id', 'run_jobs', { legacyName: 'run_job_id', phase: 2, constraintsPhase: FINAL }),
    link('candidate_id', 'run_candidates', { legacyName: 'run_job_candidate_id', phase: 2, constraintsPhase: FINAL }),
    word('report_type', ['output_guard', 'model_score', 'human_review'], { phase: 2, constraintsPhase: FINAL }),
    json('summary_json', { legacyName: 'rating', phase: 2 }),
    required('created_at'),
  ],
  uniques: [],
  indexes: [
    { columns: ['project_id', 'created_at DESC'], phase: 2 },
    // Beyond the specification: without them, deleting one candidate reads every report.
    ...['run_id', 'job_id', 'candidate_id'].map((column) => ({ columns: [column], phase: 2 })),
  ],
  legacyColumns: {
    run_job_id: 'job_id',
    run_job_candidate_id: 'candidate_id',
    rating: 'summary_json',
    notes: 'summary_json',
  },
};

const costEvents: CanonicalTable = {
  name: 'cost_events',
  group: 'Events',
  priority: 'must-v1',
  phase: 2,
  columns: [
    id(),
    owner('project_id', 'projects'),
    link('run_id', 'runs'),
    required('provider_code', { phase: 2, constraintsPhase: FINAL }),
    required('operation_code', { legacyName: 'event_type', phase: 2, constraintsPhase: FINAL }),
    real('units', { notNull: true, defaultSql: '0', phase: 2 }),
    real('cost_usd', { notNull: true, defaultSql: '0', legacyName: 'amount_cents', phase: 2 }),
    required('currency', { defaultSql: `'USD'`, constraintsPhase: FINAL }),
    json('meta_json', { legacyName: 'notes', phase: 2 }),
    required('created_at'),
  ],
  uniques: [],
  indexes: [
    { columns: ['project_id', 'created_at DESC'], phase: 2 },
    { columns: ['run_id'], phase: 2 },
  ],
  legacyColumns: { event_type: 'operation_code', amount_cents: 'cost_usd', notes: 'meta_json' },
};

const auditEvents: CanonicalTable = {
  name: 'audit_events',
  group: 'Events',
  priority: 'must-v1',
  phase: 2,
  columns: [
    id(),
    link('project_id', 'projects'),
    link('actor_user_id', 'app_users', { legacyName: 'user_id', phase: 2, constraintsPhase: FINAL }),
    required('event_code', { legacyName: 'action', phase: 2, constraintsPhase: FINAL }),
    json('payload_json', { legacyName: 'details_json', phase: 2 }),
    required('created_at'),
    // Neither document names them; the original writes them, so they stay where they are.
    text('target_type', { isExtension: true }),
    text('target_id', { isExtension: true }),
  ],
  uniques: [],
  indexes: [],
  legacyColumns: {
    user_id: 'actor_user_id',
    action: 'event_code',
    details_json: 'payload_json',
  },
};

export const eventTables: readonly CanonicalTable[] = [qualityReports, costEvents, auditEvents];

/** Tables of the conversation with the agent: complete in every source but for their references to `users`. */

const chatSessions: CanonicalTable = {
  name: 'chat_sessions',
  group: 'Chat and agent',
  priority: 'later',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    owner('user_id', 'app_users', { constraintsPhase: FINAL }),
    required('title', { defaultSql: `''` }),
    word('status', ['active', 'archived'], { defaultSql: `'active'` }),
    json('context_json'),
    required('created_at'),
    required('updated_at'),
  ],
  uniques: [],
  indexes: [{ columns: ['project_id', 'updated_at DESC'], phase: 1 }],
};

const chatMessages: CanonicalTable = {
  name: 'chat_messages',
  group: 'Chat and agent',
  priority: 'later',
  phase: 0,
  columns: [
    id(),
    owner('session_id', 'chat_sessions'),
    word('role', ['user', 'assistant', 'system', 'tool']),
    required('content_text'),
    json('content_json'),
    // The newest original makes files without it and without voice_requests; the rebuild puts it back.
    link('voice_asset_id', 'assets', { phase: FINAL }),
    json('token_usage_json'),
    required('created_at'),
  ],
  uniques: [],
  indexes: [{ columns: ['session_id', 'created_at'], phase: 1 }],
};

const agentInstructions: CanonicalTable = {
  name: 'agent_instructions',
  group: 'Chat and agent',
  priority: 'later',
  phase: 0,
  columns: [
    id(),
    owner('project_id', 'projects'),
    link('session_id', 'chat_sessions'),
    link('message_id', 'chat_messages'),
    word('instruction_type', ['pipeline_run', 'asset_edit', 'qa_check', 'storage_sync', 'custom']),
    required('payload_json'),
    word('status', ['draft', 'queued', 'running', 'done', 'failed', 'canceled']),
    { name: 'priority', type: 'INTEGER', notNull: true, defaultSql: '100', phase: 0 },
    flag('requires_confirmation', '0'),
    link('confirmed_by_user_id', 'app_users', { constraintsPhase: FINAL }),
    text('queued_at'),
    text('started_at'),
    text('finished_at'),
    required('created_at'),
    required('updated_at'),
    { name: 'attempts', type: 'INTEGER', notNull: true, defaultSql: '0', isExtension: true, phase: 0 },
    { name: 'max_attempts', type: 'INTEGER', notNull: true, defaultSql: '3', isExtension: true, phase: 0 },
    text('next_attempt_at', { isExtension: true }),
    text('last_error', { isExtension: true }),
    text('locked_by', { isExtension: true }),
    text('locked_at', { isExtension: true }),
    json('agent_response_json', { isExtension: true }),
  ],
  uniques: [],
  indexes: [{ columns: ['project_id', 'status', 'priority', 'created_at DESC'], phase: 1 }],
};

/** The specification's words, then those that the original writes besides. */
const eventTypes = [
  ...['queued', 'started', 'log', 'result', 'error', 'status_change'],
  ...['created', 'confirmed', 'retry_scheduled'],
];

const agentInstructionEvents: CanonicalTable = {
  name: 'agent_instruction_events',
  group: 'Chat and agent',
  priority: 'later',
  phase: 0,
  columns: [
    id(),
    owner('instruction_id', 'agent_instructions'),
    word('event_type', eventTypes),
    json('event_payload_json'),
    required('created_at'),
  ],
  uniques: [],
  indexes: [{ columns: ['instruction_id', 'created_at'], phase: 1 }],
};

const voiceRequests: CanonicalTable = {
  name: 'voice_requests',
  group: 'Chat and agent',
  priority: 'later',
  phase: FINAL,
  columns: [
    id(),
    owner('project_id', 'projects'),
    link('session_id', 'chat_sessions'),
    link('message_id', 'chat_messages'),
    word('direction', ['stt', 'tts']),
    required('provider_code'),
    link('input_asset_id', 'assets'),
    link('output_asset_id', 'assets'),
    word('status', ['queued', 'running', 'done', 'failed']),
    { name: 'latency_ms', type: 'INTEGER', phase: 0 },
    json('meta_json'),
    required('created_at'),
  ],
  uniques: [],
  indexes: [{ columns: ['project_id', 'status', 'created_at DESC'], phase: 1 }],
};

export const chatTables: readonly CanonicalTable[] = [
  chatSessions,
  chatMessages,
  agentInstructions,
  agentInstructionEvents,
  voiceRequests,
];
