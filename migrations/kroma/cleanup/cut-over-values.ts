import { columnExists, type Db } from '@engine/migration.ts';
import { cleaned } from '../rules/path-rule.ts';

/**
 * Old columns beside new ones of the same table: what the old one says that the new one does not. Part of the cut-over
 * and as immutable as it is. All conditions are over the alias `s` and never NULL.
 */
export interface OldValue {
  readonly table: string;
  readonly legacy: string;
  readonly canonical: string;
  /** The old column says something, and the new one something else. */
  readonly differs: string;
  /** The new column says nothing while the old one does: its value is carried over. '0' = never. */
  readonly isLate: string;
  /** Its values are never shown. */
  readonly isSecret: boolean;
  /** SQL for what the new column says, in a sentence. */
  readonly now: string;
}

interface Options {
  /** Texts that say nothing, NULL aside. */
  readonly nothing?: readonly string[];
  readonly isSecret?: boolean;
  /** Filling it may break a unique rule, so a row that is late is only reported. */
  readonly isReportedOnly?: boolean;
}

/** The plus takes the affinity away: 1 is not '1'. The collation stays with a column unless another is named: A is not a. */
export const isOther = (one: string, other: string): string => `+${one} IS NOT +${other} COLLATE BINARY`;

function same(table: string, legacy: string, canonical: string, options: Options = {}): OldValue {
  const { nothing = [''], isSecret = false, isReportedOnly = false } = options;
  const words = nothing.map((word) => `'${word}'`).join(', ');
  const says = (column: string) => `ifnull(s.${column}, '') NOT IN (${words})`;
  const isLate = isReportedOnly ? '0' : `(${says(legacy)} AND NOT ${says(canonical)})`;
  const differs = `(${says(legacy)} AND NOT ${isLate} AND ${isOther(`s.${legacy}`, `s.${canonical}`)})`;
  return { table, legacy, canonical, differs, isLate, isSecret, now: `s.${canonical}` };
}

const special = (table: string, legacy: string, canonical: string, differs: string): OldValue => ({
  ...{ table, legacy, canonical, differs, isLate: '0', isSecret: false, now: `s.${canonical}` },
});

const path = (table: string, legacy: string, canonical: string): OldValue => ({
  ...special(table, legacy, canonical, pathDiffers(`s.${legacy}`, `s.${canonical}`, isOldPath(`s.${legacy}`))),
  now: addressOf(`s.${canonical}`),
});
const addressOf = (asset: string) => `(SELECT f.storage_uri FROM assets AS f WHERE f.id = ${asset})`;

/** Of a file `f`. These columns go together: asked while one is there, the other is. */
export const isOldPath = (path: string): string => `${cleaned('f.rel_path')} = ${cleaned(path)}`;

/**
 * The path says something, and not what the file does that is referred to. A file says its address, and its old path:
 * where those differ, the file's own issue row keeps the old one. Nearly all paths are equal as they stand.
 * @param isOld condition over the file `f`: the path is its old one.
 */
export const pathDiffers = (path: string, asset: string, isOld: string): string =>
  `(${cleaned(path)} <> '' AND NOT EXISTS (SELECT 1 FROM assets AS f WHERE f.id = ${asset}
      AND (f.storage_uri = ${path} COLLATE BINARY OR ${cleaned('f.storage_uri')} = ${cleaned(path)} OR ${isOld})))`;

/** The member of a JSON object; NULL where the text is none. */
const member = (column: string, key: string) =>
  `CASE WHEN json_valid(s.${column}) THEN json_extract(s.${column}, '$.${key}') END`;

/**
 * The cost is the cents by the hundred, or those cents when it is rounded, halves either way as programs round. SQLite
 * takes anything that is no number for 0; and a REAL has no room for the cents of an amount beyond 1e15.
 */
const amountDiffers = `(ifnull(s.amount_cents, '') NOT IN (0, '') AND NOT ifnull(typeof(s.amount_cents) IN ('integer', 'real')
      AND s.amount_cents BETWEEN -1e15 AND 1e15 AND (s.cost_usd = s.amount_cents / 100.0
        OR (round(s.amount_cents) = s.amount_cents AND abs(s.cost_usd * 100 - s.amount_cents) <= 0.5)), 0))`;

const json: Options = { nothing: ['', '{}'] };
/** The original gave this word to every event whose kind it did not know. */
const event: Options = { nothing: ['', 'legacy_event'] };

const all: readonly OldValue[] = [
  same('projects', 'user_id', 'owner_user_id', { isReportedOnly: true }),
  same('project_api_secrets', 'key_ref', 'kms_key_ref', { isSecret: true }),
  same('assets', 'asset_kind', 'kind'),
  same('assets', 'rel_path', 'storage_uri', { isReportedOnly: true }),
  same('assets', 'meta_json', 'metadata_json', json),
  same('runs', 'mode', 'run_mode'),
  same('runs', 'model', 'model_name'),
  same('runs', 'meta_json', 'settings_snapshot_json', json),
  same('run_jobs', 'selected_candidate', 'selected_candidate_index'),
  path('run_jobs', 'final_output', 'final_asset_id'),
  path('project_exports', 'export_path', 'export_asset_id'),
  same('project_exports', 'export_sha256', 'sha256'),
  same('quality_reports', 'run_job_id', 'job_id'),
  same('quality_reports', 'run_job_candidate_id', 'candidate_id'),
  special(
    'quality_reports',
    'rating',
    'summary_json',
    `(ifnull(s.rating, 0) <> 0 AND ${isOther(member('summary_json', 'rating'), 's.rating')})`,
  ),
  special(
    'quality_reports',
    'notes',
    'summary_json',
    `(ifnull(s.notes, '') <> '' AND ${isOther(member('summary_json', 'notes'), 's.notes')})`,
  ),
  same('cost_events', 'event_type', 'operation_code', event),
  special('cost_events', 'amount_cents', 'cost_usd', amountDiffers),
  special(
    'cost_events',
    'notes',
    'meta_json',
    `(ifnull(s.notes, '') <> '' AND ${isOther(member('meta_json', 'notes'), 's.notes')})`,
  ),
  same('audit_events', 'user_id', 'actor_user_id'),
  same('audit_events', 'action', 'event_code', event),
  same('audit_events', 'details_json', 'payload_json', json),
  same('provider_accounts', 'meta_json', 'config_json', { ...json, isSecret: true }),
  same('style_guides', 'specs_json', 'rules_json', json),
  same('reference_sets', 'title', 'name'),
];

/** Those of a table whose two columns the file has. */
export const oldValuesOf = (db: Db, table: string): OldValue[] =>
  all.filter(
    (each) => each.table === table && columnExists(db, table, each.legacy) && columnExists(db, table, each.canonical),
  );
