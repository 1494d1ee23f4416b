import { addColumns, canonicalRows, NOW, type Work } from './phase1.ts';
import { parsePython } from './python-json.ts';
import { byId, isEmpty, rowsOf, textOf, type Row, type Value } from './rows.ts';

/** Phase 4: provider accounts, creative knowledge, prompt templates (V1, V3, G1, T1 to T3), links between files (C.5.4). */
export function expectKnowledge(work: Work): void {
  const accounts = canonicalRows(work, 'provider_accounts');
  addColumns(accounts, { is_enabled: 1n, config_json: '{}' });
  for (const row of accounts) moveJson(work, 'provider_accounts', row, 'meta_json', 'config_json');
  const guides = canonicalRows(work, 'style_guides');
  addColumns(guides, { rules_json: '{}', is_default: 0n });
  for (const row of guides) moveJson(work, 'style_guides', row, 'specs_json', 'rules_json');
  const characters = canonicalRows(work, 'characters');
  addColumns(characters, { identity_constraints_json: '{}' });
  for (const row of characters) moveJson(work, 'characters', row, null, 'identity_constraints_json');
  expectReferenceSets(work);
  addColumns(canonicalRows(work, 'reference_items'), { weight: 1 });
  addColumns(canonicalRows(work, 'prompt_templates'), { stage: '', version: 1n, is_active: 1n });
  expectParents(work);
  expectLinks(work);
}

/** Rows below something that does not exist stay, and are reported. */
function expectParents(work: Work): void {
  const owned = ['provider_accounts', 'style_guides', 'characters', 'reference_sets', 'prompt_templates'];
  const references: [table: string, column: string, parent: string, reason: string][] = [
    ...owned.map((table): [string, string, string, string] => [table, 'project_id', 'projects', 'project-missing']),
    ['reference_items', 'reference_set_id', 'reference_sets', 'set-missing'],
    ['reference_items', 'asset_id', 'assets', 'file-missing'],
  ];
  for (const [table, column, parent, reason] of references) {
    const parents = byId(rowsOf(work.tables, parent));
    for (const row of rowsOf(work.tables, table)) {
      if (!parents.has(textOf(row[column]))) work.issue(table, row, reason);
    }
  }
}

/** Legacy JSON, verbatim, where the canonical side says nothing; '' is '{}' (D15). */
function moveJson(work: Work, table: string, row: Row, from: string | null, to: string): void {
  const old = from === null ? null : (row[from] ?? null);
  if (isEmpty(row[to]) || row[to] === '{}') row[to] = isEmpty(old) ? '{}' : old;
  if (parsePython(textOf(row[to])) === null) work.issue(table, row, 'json-unreadable');
}

function expectReferenceSets(work: Work): void {
  const sets = canonicalRows(work, 'reference_sets');
  addColumns(sets, { name: null, kind: 'other', metadata_json: '{}' });
  for (const row of sets) {
    if (isEmpty(row['name'])) row['name'] = row['title'] ?? row['name'] ?? '';
    if (isEmpty(row['kind'])) row['kind'] = 'other';
    const isBare = isEmpty(row['metadata_json']) || row['metadata_json'] === '{}';
    if (isBare)
      row['metadata_json'] = isEmpty(row['notes']) ? '{}' : `{"notes":${JSON.stringify(textOf(row['notes']))}}`;
    if (parsePython(textOf(row['metadata_json'])) === null) work.issue('reference_sets', row, 'json-unreadable');
  }
}

const knownTypes = ['derived_from', 'variant_of', 'mask_for', 'reference_of'];

function expectLinks(work: Work): void {
  const links = canonicalRows(work, 'asset_links');
  const assets = byId(rowsOf(work.tables, 'assets'));
  for (const link of links) {
    const [parent, child] = [assets.get(textOf(link['parent_asset_id'])), assets.get(textOf(link['child_asset_id']))];
    if (link['parent_asset_id'] === link['child_asset_id']) work.issue('asset_links', link, 'link-to-itself');
    else if (!knownTypes.includes(textOf(link['link_type']))) work.issue('asset_links', link, 'link-type-unknown');
    else if ([parent, child].some((asset) => asset && asset['project_id'] !== link['project_id']))
      work.issue('asset_links', link, 'link-across-projects');
    else if (!rowsOf(work.tables, 'projects').some(({ id }) => id === link['project_id']))
      work.issue('asset_links', link, 'project-missing');
    else if (!parent || !child) work.issue('asset_links', link, 'file-missing');
  }
  const present = new Set(links.map(edgeOf));
  const projects = byId(rowsOf(work.tables, 'projects'));
  const isOf = (project: Value, asset: Value): boolean =>
    assets.get(textOf(asset))?.['project_id'] === project && projects.has(textOf(project));
  const add = (table: string, row: Row, project: Value, parent: Value, child: Value): void => {
    const link: Row = { id: `${textOf(row['id'])}:link`, project_id: project, parent_asset_id: parent, child_asset_id: child, link_type: 'derived_from', created_at: NOW }; // prettier-ignore
    if (isEmpty(parent) || isEmpty(child) || parent === child || present.has(edgeOf(link))) return;
    if (!isOf(project, parent) || !isOf(project, child)) return work.issue(table, row, 'link-not-made');
    present.add(edgeOf(link));
    links.push(link);
  };
  deriveLinks(work, add);
}

const edgeOf = (link: Row): string =>
  [link['parent_asset_id'], link['child_asset_id'], link['link_type']].map(textOf).join('\0');

/** From what a candidate first made to its last file; from the chosen candidate's file to the job's. */
function deriveLinks(
  work: Work,
  add: (table: string, row: Row, project: Value, parent: Value, child: Value) => void,
): void {
  const runs = byId(rowsOf(work.tables, 'runs'));
  const jobs = byId(rowsOf(work.tables, 'run_jobs'));
  const candidates = rowsOf(work.tables, 'run_candidates');
  for (const candidate of candidates) {
    const project = runs.get(textOf(jobs.get(textOf(candidate['job_id']))?.['run_id']))?.['project_id'] ?? null;
    add(
      'run_candidates',
      candidate,
      project,
      candidate['output_asset_id'] ?? null,
      candidate['final_asset_id'] ?? null,
    );
  }
  const slots = new Map(candidates.map((row) => [`${textOf(row['job_id'])}\0${textOf(row['candidate_index'])}`, row]));
  for (const job of jobs.values()) {
    const project = runs.get(textOf(job['run_id']))?.['project_id'] ?? null;
    const index = job['selected_candidate_index'] ?? null;
    const chosen = index === null ? undefined : slots.get(`${textOf(job['id'])}\0${textOf(index)}`);
    const file = isEmpty(chosen?.['final_asset_id'])
      ? (chosen?.['output_asset_id'] ?? null)
      : (chosen?.['final_asset_id'] ?? null);
    add('run_jobs', job, project, file, job['final_asset_id'] ?? null);
  }
}
