import type Database from 'better-sqlite3';
import { insertRows, withoutForeignKeys } from './insert.ts';
import { buildLegacyOdd } from './legacy.ts';
import { baselineColumns, baselineIndexes, baselineMarkers, baselineTables } from './schema-baseline.ts';

const T = '2026-01-12T12:42:20Z';

/** The legacy rows with the later tables in their first, wrong shape beside them, holding rows. */
export function buildBaseline(db: Database.Database, options: { isHopeless?: boolean } = {}): void {
  buildLegacyOdd(db, options);
  for (const statement of baselineTables) db.exec(statement);
  for (const column of baselineColumns) db.exec(`ALTER TABLE ${column}`);
  for (const index of baselineIndexes) db.exec(index);
  withoutForeignKeys(db, () => {
    insertRows(
      db,
      'schema_migrations',
      baselineMarkers.map(([version, note]) => ({ version, note, applied_at: T })),
    );
    writeLaterRows(db);
  });
}

function writeLaterRows(db: Database.Database): void {
  const times = { created_at: T, updated_at: T };
  const project = { project_id: 'p-odd', ...times };
  const event = { project_id: 'p-odd', created_at: T };
  insertRows(db, 'project_storage', [
    { id: 'st-odd', project_id: 'p-odd', total_bytes: 9007199254740993n, used_bytes: 12, ...times },
    { id: 'st-settings', project_id: 'p-settings-13', total_bytes: 0, used_bytes: 0, ...times },
  ]);
  insertRows(db, 'provider_accounts', [
    { id: 'pa-1', provider_code: 'openai', api_key: 'sample-not-a-key', meta_json: '{"tier":2}', ...project },
    { id: 'pa-2', provider_code: 'removebg', api_key: '', meta_json: '', ...project },
    { id: 'pa-3', provider_code: 'photoroom', api_key: '🗝', meta_json: 'no json', ...project },
  ]);
  insertRows(db, 'style_guides', [
    { id: 'sg-1', name: 'Ink', specs_json: '{"line":"bold"}', ...project },
    { id: 'sg-2', name: 'Cut', specs_json: '{"line":', ...project },
  ]);
  insertRows(db, 'characters', [{ id: 'ch-1', code: 'fox', name: 'Postfuchs', bio: 'Bringt Briefe.', ...project }]);
  insertRows(db, 'reference_sets', [{ id: 'rs-1', title: '', notes: 'line one\n"line two"', ...project }]);
  insertRows(db, 'reference_items', [
    { id: 'ri-1', reference_set_id: 'rs-1', asset_id: 'a-plain', notes: '', created_at: T },
  ]);
  insertRows(db, 'asset_links', [
    { id: 'al-1', parent_asset_id: 'a-plain', child_asset_id: 'a-plain', link_type: 'odd_type', ...event },
  ]);
  insertRows(db, 'quality_reports', [
    {
      id: 'qr-1',
      run_id: 'r-odd',
      run_job_id: 'j-odd',
      run_job_candidate_id: 'c-plain',
      rating: 5,
      notes: 'lovely',
      ...event,
    },
    { id: 'qr-2', rating: -1, ...event },
  ]);
  insertRows(db, 'prompt_templates', [{ id: 'pt-1', name: 'night', template_text: 'x'.repeat(9_000), ...project }]);
  insertRows(db, 'cost_events', [
    { id: 'ce-1', run_id: 'r-odd', amount_cents: -7, currency: '', event_type: ' ', ...event },
  ]);
  insertRows(db, 'audit_events', [{ id: 'ae-1', user_id: null, action: '', details_json: '{"cut', ...event }]);
}
