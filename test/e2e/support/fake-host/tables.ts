import type { ColumnDiff, ColumnShape, TableStatus } from '@shared/status.ts';

const text = (change: Partial<ColumnShape> = {}): ColumnShape => ({
  type: 'TEXT',
  isNullable: false,
  defaultSql: null,
  isPrimaryKey: false,
  ...change,
});
const column = (columnName: string, gap: ColumnDiff['gap'], note = '', shape = text()): ColumnDiff => ({
  name: columnName,
  now: gap === 'missing' ? null : shape,
  target: gap === 'legacy' || gap === 'unknown' ? null : shape,
  gap,
  note,
});

const assetColumns: ColumnDiff[] = [
  column('id', 'none', '', text({ isPrimaryKey: true })),
  column('project_id', 'none'),
  column('kind', 'missing', 'was asset_kind'),
  column('storage_uri', 'missing', 'was rel_path'),
  column('storage_backend', 'missing', '', text({ defaultSql: "'local'" })),
  column('metadata_json', 'missing', 'was meta_json', text({ defaultSql: "'{}'" })),
  column('width', 'missing', '', text({ type: 'INTEGER', isNullable: true })),
  column('sha256', 'none', '', text({ isNullable: true })),
  column('run_id', 'approved-extension', '', text({ isNullable: true })),
  column('asset_kind', 'legacy', 'goes in the last phase'),
  column('rel_path', 'legacy', 'goes in the last phase'),
];

const table = (
  tableName: string,
  state: TableStatus['state'],
  rows: number | null,
  change: Partial<TableStatus> = {},
): TableStatus => ({
  name: tableName,
  state,
  priority: state === 'aligned' || state === 'bookkeeping' ? 'none' : 'must-now',
  group: 'Core',
  presentName: null,
  rows: rows === null ? null : { value: rows, isExact: rows < 10_000 },
  whatIsMissing: '',
  columns: [column('id', 'none', '', text({ isPrimaryKey: true })), column('created_at', 'none')],
  objects: [],
  ...change,
});

const missing = (words: string, priority: TableStatus['priority'] = 'must-now'): Partial<TableStatus> => ({
  whatIsMissing: words,
  priority,
});

/** Tables of a legacy database with every kind of gap. */
export const legacyTables: TableStatus[] = [
  table('app_users', 'legacy-name', 2, { presentName: 'users', ...missing('table name; 4 tables point at it') }),
  table('project_storage', 'missing', null, missing('storage settings live inside projects.settings_json')),
  table('assets', 'wrong-columns', 148, {
    ...missing(
      'kind, storage_uri, storage_backend, metadata_json, mime_type, width, height are missing; index (project_id, kind, created_at DESC)',
    ),
    columns: assetColumns,
    objects: [
      { kind: 'index', description: 'index on assets(project_id, kind, created_at DESC)', gap: 'missing', note: '' },
      {
        kind: 'unique',
        description: 'unique (project_id, storage_uri)',
        gap: 'missing',
        note: 'only when no two rows share an address',
      },
      { kind: 'foreign-key', description: 'project_id -> projects(id) on delete CASCADE', gap: 'none', note: '' },
    ],
  }),
  table('projects', 'wrong-columns', 3, missing('owner_user_id')),
  table(
    'runs',
    'wrong-columns',
    40,
    missing('run_mode, model_name, settings_snapshot_json, provider_code, started_at, finished_at'),
  ),
  table('run_jobs', 'wrong-columns', 96, missing('selected_candidate_index, prompt_text, final_asset_id')),
  table('run_candidates', 'legacy-name', 19_835, {
    presentName: 'run_job_candidates',
    ...missing('table name; paths are not yet assets'),
  }),
  table('project_exports', 'wrong-columns', 4, missing('format, sha256, export_asset_id')),
  table('project_api_secrets', 'wrong-columns', 1, missing('kms_key_ref')),
  table('quality_reports', 'missing', null, missing('', 'must-v1')),
  table('cost_events', 'missing', null, missing('', 'must-v1')),
  table('audit_events', 'missing', null, missing('', 'must-v1')),
  table('provider_accounts', 'missing', null, missing('', 'later')),
  table('style_guides', 'missing', null, missing('', 'later')),
  table('characters', 'missing', null, missing('', 'later')),
  table('reference_sets', 'missing', null, missing('', 'later')),
  table('prompt_templates', 'missing', null, missing('', 'later')),
  table('asset_links', 'missing', null, missing('', 'later')),
  table('chat_sessions', 'aligned', 12),
  table('chat_messages', 'aligned', 218),
  table('agent_instructions', 'aligned', 7),
  table('voice_requests', 'aligned', 2),
  table('project_snapshots', 'approved-extension', 5, { priority: 'none' }),
  table('schema_migrations', 'bookkeeping', 3, { columns: [] }),
];

/** The same tables once they are aligned; the old ones stay beside them until they are removed. */
export function tablesAfter(isCleaned: boolean): TableStatus[] {
  const aligned = legacyTables.map((row): TableStatus => {
    if (row.state === 'approved-extension' || row.state === 'bookkeeping') return row;
    return {
      ...row,
      state: 'aligned',
      presentName: null,
      whatIsMissing: '',
      rows: row.rows ?? { value: 40, isExact: true },
      columns: row.columns
        .filter(({ gap }) => !isCleaned || gap !== 'legacy')
        .map((each) => (each.gap === 'missing' ? { ...each, gap: 'none' as const, now: each.target } : each)),
    };
  });
  const mine = table('my_notes', 'unknown', 9, { priority: 'none', group: 'Other' });
  const legacy = ['users', 'run_job_candidates'].map((old) => table(old, 'legacy', 2, { priority: 'none' }));
  return isCleaned ? [...aligned, mine] : [...aligned, mine, ...legacy];
}
