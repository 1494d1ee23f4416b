import { Files, type Claim } from './claims.ts';
import { pathKey } from './paths.ts';
import { canonicalRows, type Work } from './phase1.ts';
import { byId, fillEmpty, isEmpty, rowsOf, textOf, type Row } from './rows.ts';

interface Placed {
  readonly legacy: Row;
  readonly run: Row;
  readonly projectId: string;
  readonly twin: Row | undefined;
}

/** RC with the path rule. @returns the files as they are once all candidates have claimed theirs. */
export function expectCandidates(work: Work): Files {
  const files = new Files(work);
  const canonical = canonicalRows(work, 'run_candidates');
  const placed = placeCandidates(work, canonical);
  files.settle(placed.flatMap((candidate) => claimsOf(candidate, work.mode === 'keep')));
  for (const { legacy, projectId, twin } of placed) {
    const output = files.find(projectId, legacy['output_path']);
    const final = files.find(projectId, legacy['final_output_path']);
    const isUnplaceable =
      isUnregistered(legacy['output_path'], output) || isUnregistered(legacy['final_output_path'], final);
    if (isUnplaceable) work.issue('run_job_candidates', legacy, 'project-missing');
    const { output_path: _output, final_output_path: _final, ...copied } = legacy;
    if (!twin) canonical.push({ ...copied, output_asset_id: output, final_asset_id: final });
    else if (work.mode === 'fill')
      Object.assign(twin, copied, { output_asset_id: output, final_asset_id: final, created_at: twin['created_at'] });
    else {
      fillEmpty(twin, 'output_asset_id', output);
      fillEmpty(twin, 'final_asset_id', final);
    }
  }
  return files;
}

const isUnregistered = (path: Row[string] | undefined, asset: Row[string]): boolean =>
  pathKey(path) !== '' && asset === null;

/** The candidates that get a place; the others become issue rows (D6). */
function placeCandidates(work: Work, canonical: readonly Row[]): Placed[] {
  const jobs = byId(rowsOf(work.tables, 'run_jobs'));
  const runs = byId(rowsOf(work.tables, 'runs'));
  const twins = byId(canonical);
  const slots = new Map(canonical.map((row) => [slot(row), textOf(row['id'])]));
  const placed: Placed[] = [];
  for (const legacy of rowsOf(work.tables, 'run_job_candidates')) {
    const job = jobs.get(textOf(legacy['job_id']));
    const run = job && runs.get(textOf(job['run_id']));
    const id = textOf(legacy['id']);
    const twin = twins.get(id);
    if (!run) work.issue('run_job_candidates', legacy, 'orphan-candidate', false);
    else if (!twin && (slots.get(slot(legacy)) ?? id) !== id)
      work.issue('run_job_candidates', legacy, 'slot-taken', false);
    else placed.push({ legacy, run, projectId: textOf(run['project_id']), twin });
  }
  return placed;
}

const slot = (row: Row): string => `${textOf(row['job_id'])}\0${textOf(row['candidate_index'])}`;

/** What a candidate claims. In keep mode a reference that is there already needs no file. */
function claimsOf({ legacy, run, projectId, twin }: Placed, onlyEmpty: boolean): Claim[] {
  const credit = { run_id: run['id'] ?? null, job_id: legacy['job_id'] ?? null, candidate_id: legacy['id'] ?? null };
  const base = { rank: 0, projectId, claimant: legacy, credit } as const;
  const wants = (column: string): boolean => !twin || !onlyEmpty || isEmpty(twin[column]);
  return [
    ...(wants('output_asset_id')
      ? [{ ...base, path: pathKey(legacy['output_path']), order: 0, kind: 'candidate_output' as const }]
      : []),
    ...(wants('final_asset_id')
      ? [{ ...base, path: pathKey(legacy['final_output_path']), order: 1, kind: 'candidate_final_output' as const }]
      : []),
  ];
}
