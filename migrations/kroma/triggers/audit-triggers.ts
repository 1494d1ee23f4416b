import { mayBreakRuleOf } from '../rules/own-rule.ts';
import { cleaned } from '../rules/path-rule.ts';

/**
 * What programs do with secrets, storage, exports and instructions is noted in audit_events by trigger. These stay after
 * the last phase, so their texts are asked for twice: while the table still has its old columns, and in its final shape.
 * Built-in functions and old syntax only, AFTER, and nothing in them can fail another program's write: every value is
 * cast to text, because json_object refuses blobs, and a project that is gone (a cascade reaches its secrets after the
 * project) is written as NULL. Values of secrets and names of their keys are never written.
 *
 * They speak of real changes only, so that filling a new column or repeating a value says nothing. A program that keeps
 * this list itself writes its own event beside ours; "recorded_by" tells them apart.
 */
type Members = Readonly<Record<string, string>>;

const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;

/** A statement that notes one event. `members` are SQL values; NULL stays NULL. */
function note(hasLegacyColumns: boolean, code: string, project: string, members: Members): string {
  const pairs = Object.entries(members).map(([name, value]) => `'${name}', ${value}`);
  const payload = `json_object(${[...pairs, `'recorded_by', 'phasewise'`].join(', ')})`;
  const [more, values] = hasLegacyColumns ? [', action, details_json', `, '${code}', ${payload}`] : ['', ''];
  return `INSERT INTO audit_events (id, project_id, event_code, payload_json, created_at${more})
      SELECT 'phasewise:' || lower(hex(randomblob(16))), (SELECT id FROM projects WHERE id = ${project}), '${code}',
        ${payload}, ${utcNow}${values}
      WHERE NOT ${mayBreakRuleOf('audit_events', ['project_id', 'event_code', 'payload_json', 'created_at', 'action', 'details_json'])};`;
}

const textOf = (column: string) => `CAST(${column} AS TEXT)`;
const isChanged = (columns: readonly string[]) => columns.map((name) => `NEW.${name} IS NOT OLD.${name}`).join(' OR ');

const secret = (row: 'NEW' | 'OLD'): Members => ({
  provider_code: textOf(`${row}.provider_code`),
  secret_name: textOf(`${row}.secret_name`),
});
const secretColumns = ['project_id', 'provider_code', 'secret_name', 'secret_ciphertext'];
const localColumns = ['local_base_dir', 'local_project_root'];
/** What the second insert of a program leaves open comes from a row of ours that stands aside meanwhile: nobody changed it. */
const isMade = `NOT EXISTS (SELECT 1 FROM project_storage AS m WHERE m.project_id = '_phasewise:' || NEW.project_id)`;
const s3Columns = ['s3_enabled', 's3_bucket', 's3_prefix', 's3_region', 's3_profile', 's3_endpoint_url'];

/** A program that knows only the old names leaves the format at its default; another trigger corrects it afterwards. */
const ends = (ending: string) => `substr(lower(${cleaned('NEW.export_path')}), -${ending.length}) = '${ending}'`;
const formatByPath = `CASE WHEN NEW.format NOT IN ('', 'tar.gz') OR ${ends('.tar.gz')} OR ${ends('.tgz')}
        THEN ${textOf('NEW.format')} WHEN ${ends('.zip')} THEN 'zip' ELSE 'folder' END`;

/**
 * The triggers by name. They are on project_api_secrets, project_storage, project_exports and agent_instructions.
 * @param hasLegacyColumns audit_events still has action and details_json.
 * @param hasExportPath project_exports still has export_path.
 */
export function auditTriggers(
  hasLegacyColumns: boolean,
  hasExportPath = hasLegacyColumns,
): Readonly<Record<string, string>> {
  const trigger = (name: string, event: string, when: string | null, code: string, project: string, members: Members) =>
    [
      name,
      `CREATE TRIGGER ${name} AFTER ${event}${when === null ? '' : `\n  WHEN ${when}`}
  BEGIN
    ${note(hasLegacyColumns, code, project, members)}
  END`,
    ] as const;
  return Object.fromEntries([
    trigger(
      ...(['_phasewise_0016_secrets_insert', 'INSERT ON project_api_secrets', null] as const),
      ...(['secret.created', 'NEW.project_id', secret('NEW')] as const),
    ),
    // A key reference that is filled for the first time is no change of the secret.
    trigger(
      '_phasewise_0016_secrets_update',
      `UPDATE OF ${secretColumns.join(', ')}, kms_key_ref ON project_api_secrets`,
      `${isChanged(secretColumns)}
    OR (NEW.kms_key_ref IS NOT OLD.kms_key_ref AND ifnull(OLD.kms_key_ref, '') <> '')`,
      ...(['secret.updated', 'NEW.project_id', secret('NEW')] as const),
    ),
    trigger(
      ...(['_phasewise_0016_secrets_delete', 'DELETE ON project_api_secrets', null] as const),
      ...(['secret.deleted', 'OLD.project_id', secret('OLD')] as const),
    ),
    trigger(
      '_phasewise_0016_storage_local_update',
      `UPDATE OF ${localColumns.join(', ')} ON project_storage`,
      `(${isChanged(localColumns)}) AND ${isMade}`,
      'storage.local.updated',
      'NEW.project_id',
      { base_dir: textOf('NEW.local_base_dir'), project_root: textOf('NEW.local_project_root') },
    ),
    trigger(
      '_phasewise_0016_storage_s3_update',
      `UPDATE OF ${s3Columns.join(', ')} ON project_storage`,
      `(${isChanged(s3Columns)}) AND ${isMade}`,
      'storage.s3.updated',
      'NEW.project_id',
      Object.fromEntries(s3Columns.map((column) => [column.replace('s3_', ''), textOf(`NEW.${column}`)])),
    ),
    trigger(
      ...(['_phasewise_0016_exports_insert', 'INSERT ON project_exports', null] as const),
      ...(['project.exported', 'NEW.project_id'] as const),
      { format: hasExportPath ? formatByPath : textOf('NEW.format') },
    ),
    trigger(
      '_phasewise_0016_instructions_status',
      'UPDATE OF status ON agent_instructions',
      'NEW.status IS NOT OLD.status',
      'instruction.status_changed',
      'NEW.project_id',
      { from: textOf('OLD.status'), to: textOf('NEW.status'), type: textOf('NEW.instruction_type') },
    ),
  ]);
}
