import { movedJson } from './assets.ts';
import type { Claim, Files } from './claims.ts';
import { pathKey } from './paths.ts';
import { addColumns, type Work } from './phase1.ts';
import { minified, parsePython, type Json } from './python-json.ts';
import { pythonText } from './python-text.ts';
import { byId, fillEmpty, isEmpty, rowsOf, textOf, type Row, type Value } from './rows.ts';

/** R1 to R3. */
export function expectRuns(work: Work): void {
  const projects = byId(rowsOf(work.tables, 'projects'));
  const runs = rowsOf(work.tables, 'runs');
  addColumns(runs, {
    run_mode: null,
    model_name: null,
    settings_snapshot_json: '{}',
    provider_code: null,
    started_at: null,
    finished_at: null,
  });
  for (const run of runs) {
    fillEmpty(run, 'run_mode', run['mode']);
    fillEmpty(run, 'model_name', run['model']);
    run['settings_snapshot_json'] = movedJson(run['settings_snapshot_json'], run['meta_json']);
    if (!projects.has(textOf(run['project_id']))) work.issue('runs', run, 'project-missing');
  }
}

/** J1, J2 and the final asset (C.5.2); needs the candidates in their place. */
export function expectJobs(work: Work, files: Files): void {
  const runs = byId(rowsOf(work.tables, 'runs'));
  const jobs = rowsOf(work.tables, 'run_jobs');
  const chosen = new Map(
    rowsOf(work.tables, 'run_candidates').map((row) => [
      `${textOf(row['job_id'])}\0${textOf(row['candidate_index'])}`,
      row,
    ]),
  );
  addColumns(jobs, { selected_candidate_index: null, final_asset_id: null, prompt_text: '' });
  const byPath: { job: Row; claim: Claim }[] = [];
  for (const job of jobs) {
    const run = runs.get(textOf(job['run_id']));
    job['selected_candidate_index'] ??= job['selected_candidate'] ?? null;
    expectPrompt(work, job);
    if (!run) {
      work.issue('run_jobs', job, 'run-missing');
      continue;
    }
    if (!isEmpty(job['final_asset_id'])) continue;
    const candidate = chosen.get(`${textOf(job['id'])}\0${textOf(job['selected_candidate_index'])}`);
    const asset = candidate && job['selected_candidate_index'] !== null ? fileOf(candidate) : null;
    if (asset !== null) job['final_asset_id'] = asset;
    else byPath.push({ job, claim: claimOf(job, run) });
  }
  files.settle(byPath.map(({ claim }) => claim));
  for (const { job, claim } of byPath) {
    fillEmpty(job, 'final_asset_id', files.find(claim.projectId, job['final_output']));
    // Only the files of a project that is gone cannot be registered.
    if (claim.path !== '' && isEmpty(job['final_asset_id'])) work.issue('run_jobs', job, 'project-missing');
  }
}

const fileOf = (candidate: Row): Value => {
  const [final, output] = [candidate['final_asset_id'], candidate['output_asset_id']];
  return (isEmpty(final) ? (isEmpty(output) ? null : output) : final) ?? null;
};

const claimOf = (job: Row, run: Row): Claim => ({
  rank: 1,
  projectId: textOf(run['project_id']),
  path: pathKey(job['final_output']),
  claimant: job,
  order: 0,
  kind: 'job_final_output',
  credit: { run_id: run['id'] ?? null, job_id: job['id'] ?? null, candidate_id: null },
});

/** D1: the prompt of the job's own JSON, where none has been stored. */
function expectPrompt(work: Work, job: Row): void {
  const text = textOf(job['meta_json']);
  const meta = text === '' ? null : parsePython(text);
  if (text !== '' && meta?.kind !== 'object') work.issue('run_jobs', job, 'meta-unreadable');
  if (!isEmpty(job['prompt_text']) || meta?.kind !== 'object') return;
  job['prompt_text'] = promptText(meta.entries.get('prompt')) || promptText(meta.entries.get('prompt_text'));
}

function promptText(value: Json | undefined): string {
  if (value === undefined || value.kind === 'null') return '';
  return value.kind === 'list' || value.kind === 'object' ? minified(value) : pythonText(value);
}
