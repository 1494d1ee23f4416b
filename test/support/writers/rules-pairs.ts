import { pathKey } from '../oracle/paths.ts';
import { minified, parsePython, type Json } from '../oracle/python-json.ts';
import { pythonText } from '../oracle/python-text.ts';
import { isEmpty, textOf, type Row, type Value } from '../oracle/rows.ts';
import { addressOf, findFile, isNamedBy, pathAfter, projectOfRun, registerFile } from './files.ts';
import type { Memory, Rules } from './memory.ts';

/** Old and new columns of one row: owners, keys of secrets, runs, jobs and exports. */
export const pairRules: Partial<Rules> = {
  inserted(memory, table, row) {
    if (table === 'projects') memory.change(table, row['id'], newOwner(memory, row));
    if (table === 'project_api_secrets') memory.change(table, row['id'], newKey(row));
    if (table === 'runs') memory.change(table, row['id'], newRun(row));
    if (table === 'run_jobs') memory.change(table, row['id'], newJob(memory, row));
    if (table === 'project_exports') memory.change(table, row['id'], newExport(memory, row));
  },
  updated(memory, table, before, after) {
    const change = changes[table];
    if (change) memory.change(table, after['id'], change(memory, before, after, onlyOf(before, after)));
  },
};

type Only = (column: string, other: string) => boolean;
/** This column was changed, its twin was not, and they are not equal. */
const onlyOf =
  (before: Row, after: Row): Only =>
  (column, other) =>
    before[column] !== after[column] && before[other] === after[other] && after[column] !== after[other];
const isBlankJson = (value: Value | undefined) => isEmpty(value) || value === '{}';
const jsonOf = (value: Value | undefined): Value => (isEmpty(value) ? '{}' : (value ?? '{}'));

function newOwner(memory: Memory, row: Row): Row {
  if (isEmpty(row['owner_user_id'])) return ownerFrom(memory, row);
  return isEmpty(row['user_id']) ? userFrom(memory, row) : {};
}
function ownerFrom(memory: Memory, row: Row): Row {
  const isTaken = memory
    .rows('projects')
    .some(
      (other) =>
        other['id'] !== row['id'] && other['owner_user_id'] === row['user_id'] && other['slug'] === row['slug'],
    );
  return isTaken ? {} : { owner_user_id: row['user_id'] ?? null };
}
function userFrom(memory: Memory, row: Row): Row {
  const isTaken = memory
    .rows('projects')
    .some(
      (other) =>
        other['id'] !== row['id'] && other['user_id'] === row['owner_user_id'] && other['slug'] === row['slug'],
    );
  return isTaken || !memory.row('users', row['owner_user_id']) ? {} : { user_id: row['owner_user_id'] ?? null };
}

function newKey(row: Row): Row {
  const [old, key] = [row['key_ref'] ?? null, row['kms_key_ref'] ?? null];
  if (isEmpty(key)) return { kms_key_ref: old };
  return isEmpty(old) || old === 'local-master' ? { key_ref: key } : {};
}

function newRun(row: Row): Row {
  const set: Row = {};
  for (const [old, name] of [['mode', 'run_mode'], ['model', 'model_name']] as const) {
    if (isEmpty(row[name])) set[name] = row[old] ?? null;
    else if (isEmpty(row[old])) set[old] = row[name] ?? null;
  } // prettier-ignore
  if (isBlankJson(row['settings_snapshot_json'])) set['settings_snapshot_json'] = jsonOf(row['meta_json']);
  else if (isBlankJson(row['meta_json'])) set['meta_json'] = row['settings_snapshot_json'] ?? '{}';
  return set;
}

function newJob(memory: Memory, row: Row): Row {
  const set: Row = {};
  if (row['selected_candidate_index'] === null) set['selected_candidate_index'] = row['selected_candidate'] ?? null;
  else if (row['selected_candidate'] === null) set['selected_candidate'] = row['selected_candidate_index'] ?? null;
  if (row['prompt_text'] === '') set['prompt_text'] = promptOf(row['meta_json']);
  if (isEmpty(row['final_asset_id'])) set['final_asset_id'] = ownFile(memory, row);
  else if (isEmpty(row['final_output']))
    set['final_output'] = addressOf(memory, row['final_asset_id']) ?? row['final_output'] ?? null;
  return set;
}
function ownFile(memory: Memory, row: Row): Value {
  const project = projectOfRun(memory, row['run_id']);
  const owners = { run_id: row['run_id'] ?? null, job_id: row['id'] ?? null };
  registerFile(memory, {
    ...{
      id: `${textOf(row['id'])}:final-output`,
      project,
      path: row['final_output'],
      kind: 'job_final_output',
      owners,
    },
  });
  return findFile(memory, project, row['final_output']);
}
function promptOf(meta: Value | undefined): string {
  const json = textOf(meta) === '' ? null : parsePython(textOf(meta));
  if (json?.kind !== 'object') return '';
  const text = (value: Json | undefined) => {
    if (value === undefined || value.kind === 'null') return '';
    return value.kind === 'list' || value.kind === 'object' ? minified(value) : pythonText(value);
  };
  return text(json.entries.get('prompt')) || text(json.entries.get('prompt_text'));
}

const formatOf = (path: Value | undefined): string => {
  const text = pathKey(path).toLowerCase();
  return text.endsWith('.tar.gz') || text.endsWith('.tgz') ? 'tar.gz' : text.endsWith('.zip') ? 'zip' : 'folder';
};
function newExport(memory: Memory, row: Row): Row {
  const set: Row = {};
  if (isEmpty(row['sha256'])) set['sha256'] = row['export_sha256'] ?? null;
  else if (isEmpty(row['export_sha256'])) set['export_sha256'] = row['sha256'] ?? null;
  const hasPath = pathKey(row['export_path']) !== '';
  if ((row['format'] === '' || row['format'] === 'tar.gz') && (hasPath || isEmpty(row['export_asset_id'])))
    set['format'] = formatOf(row['export_path']);
  if (isEmpty(row['export_asset_id'])) set['export_asset_id'] = exportFile(memory, row);
  else if (isEmpty(row['export_path']))
    set['export_path'] = addressOf(memory, row['export_asset_id']) ?? row['export_path'] ?? null;
  return set;
}
function exportFile(memory: Memory, row: Row): Value {
  const project = textOf(row['project_id']);
  registerFile(memory, {
    id: `${textOf(row['id'])}:export`,
    project,
    path: row['export_path'],
    kind: 'export',
    owners: {},
  });
  return findFile(memory, project, row['export_path']);
}

const changes: Readonly<Record<string, (memory: Memory, before: Row, after: Row, only: Only) => Row>> = {
  projects(memory, _before, after, only) {
    if (only('user_id', 'owner_user_id')) return ownerFrom(memory, after);
    return only('owner_user_id', 'user_id') ? userFrom(memory, after) : {};
  },
  project_api_secrets(_memory, _before, after, only) {
    if (only('key_ref', 'kms_key_ref')) return { kms_key_ref: after['key_ref'] ?? null };
    return only('kms_key_ref', 'key_ref') && after['kms_key_ref'] !== null
      ? { key_ref: after['kms_key_ref'] ?? null }
      : {};
  },
  runs(_memory, _before, after, only) {
    const set: Row = {};
    if (only('mode', 'run_mode')) set['run_mode'] = after['mode'] ?? null;
    if (only('run_mode', 'mode') && after['run_mode'] !== null) set['mode'] = after['run_mode'] ?? null;
    if (only('model', 'model_name')) set['model_name'] = after['model'] ?? null;
    if (only('model_name', 'model')) set['model'] = after['model_name'] ?? null;
    if (only('meta_json', 'settings_snapshot_json')) set['settings_snapshot_json'] = jsonOf(after['meta_json']);
    if (
      only('settings_snapshot_json', 'meta_json') &&
      !(isBlankJson(after['settings_snapshot_json']) && isBlankJson(after['meta_json']))
    )
      set['meta_json'] = after['settings_snapshot_json'] ?? '{}';
    return set;
  },
  run_jobs: changedJob,
  project_exports(memory, before, after, only) {
    const set: Row = {};
    const changed = (column: string) => before[column] !== after[column];
    if (only('export_sha256', 'sha256')) set['sha256'] = after['export_sha256'] ?? null;
    if (only('sha256', 'export_sha256')) set['export_sha256'] = after['sha256'] ?? null;
    if (changed('export_path') && !changed('format')) set['format'] = formatOf(after['export_path']);
    if (
      changed('export_path') &&
      !changed('export_asset_id') &&
      !isNamedBy(memory, after['export_asset_id'], after['export_path'])
    )
      set['export_asset_id'] = exportFile(memory, after);
    if (changed('export_asset_id') && !changed('export_path'))
      set['export_path'] =
        pathAfter(memory, after['export_asset_id'], textOf(after['project_id']), after['export_path'] ?? '') ??
        after['export_path'] ??
        '';
    return set;
  },
};

function changedJob(memory: Memory, before: Row, after: Row, only: Only): Row {
  const set: Row = {};
  const changed = (column: string) => before[column] !== after[column];
  if (only('selected_candidate', 'selected_candidate_index'))
    set['selected_candidate_index'] = after['selected_candidate'] ?? null;
  if (only('selected_candidate_index', 'selected_candidate'))
    set['selected_candidate'] = after['selected_candidate_index'] ?? null;
  if (changed('meta_json') && !changed('prompt_text') && promptOf(before['meta_json']) !== promptOf(after['meta_json']))
    set['prompt_text'] = promptOf(after['meta_json']);
  const isChosen = changed('selected_candidate') && !changed('selected_candidate_index');
  if (!changed('final_asset_id') && (changed('final_output') || isChosen)) {
    const own = ownFile(memory, after);
    if (changed('final_output') && pathKey(after['final_output']) !== '')
      set['final_asset_id'] = isNamedBy(memory, after['final_asset_id'], after['final_output'])
        ? (after['final_asset_id'] ?? null)
        : own;
    else set['final_asset_id'] = chosenFile(memory, after, isChosen) ?? own;
  } else if (changed('final_asset_id') && !changed('final_output')) {
    const project = projectOfRun(memory, after['run_id']);
    set['final_output'] = pathAfter(memory, after['final_asset_id'], project, after['final_output'] ?? null);
  }
  return set;
}

function chosenFile(memory: Memory, job: Row, byOldName: boolean): Value {
  const index = job[byOldName ? 'selected_candidate' : 'selected_candidate_index'] ?? null;
  const chosen =
    index === null
      ? undefined
      : memory.rows('run_candidates').find((row) => row['job_id'] === job['id'] && row['candidate_index'] === index);
  return chosen?.['final_asset_id'] ?? chosen?.['output_asset_id'] ?? null;
}
