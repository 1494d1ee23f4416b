import { assetOf, cleaned, registerFiles } from './path-rule.ts';

/**
 * What keeps run_candidates and the files of jobs in step while older programs write run_job_candidates and run_jobs.
 * Part of the candidates' migration and as immutable as it is. Built-in functions only, and only syntax that libraries
 * of ten years ago parse: a trigger that an older SQLite can't read would make the whole file unreadable to it.
 */
const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;
const anyId = 'lower(hex(randomblob(8)))';

const projectOf = (job: string) =>
  `(SELECT r.project_id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = ${job})`;

/** Registers the file of one column of NEW, a candidate. */
const registerCandidateFile = (column: string, kind: string, suffix: string) =>
  registerFiles(
    {
      id: `(NEW.id || '${suffix}')`,
      otherwise: anyId,
      project: 'r.project_id',
      run: 'r.id',
      job: 'j.id',
      candidate: 'NEW.id',
      kind: `'${kind}'`,
      path: 'k.path',
      now: utcNow,
    },
    `FROM (SELECT ${cleaned(`NEW.${column}`)} AS path) AS k, run_jobs AS j JOIN runs AS r ON r.id = j.run_id
      WHERE j.id = NEW.job_id AND NEW.id IS NOT NULL`,
  );

const fileOf = (column: string) =>
  `(SELECT ${assetOf('k.project', 'k.path')} FROM (SELECT ${cleaned(`NEW.${column}`)} AS path, ${projectOf('NEW.job_id')} AS project) AS k)`;

const isSlotFree = `NOT EXISTS (SELECT 1 FROM run_candidates AS other
        WHERE other.job_id = NEW.job_id AND other.candidate_index = NEW.candidate_index AND other.id IS NOT NEW.id)`;

const insertTwin = `
    INSERT INTO run_candidates (id, job_id, candidate_index, status, output_asset_id, final_asset_id,
        rank_hard_failures, rank_soft_warnings, rank_avg_chroma_exceed, meta_json, created_at)
      SELECT NEW.id, NEW.job_id, NEW.candidate_index, NEW.status, ${fileOf('output_path')}, ${fileOf('final_output_path')},
        NEW.rank_hard_failures, NEW.rank_soft_warnings, NEW.rank_avg_chroma_exceed, NEW.meta_json, NEW.created_at
      WHERE NEW.id IS NOT NULL AND ${projectOf('NEW.job_id')} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM run_candidates WHERE id = NEW.id) AND ${isSlotFree};
    INSERT INTO _phasewise_mirrored (mirror, key)
      SELECT 'run_candidates', NEW.id WHERE changes() = 1
        AND NOT EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'run_candidates' AND key = NEW.id);`;

/** A job whose chosen candidate comes after it has no final file yet. */
const completeJob = `
    UPDATE run_jobs SET final_asset_id = (SELECT coalesce(c.final_asset_id, c.output_asset_id) FROM run_candidates AS c WHERE c.id = NEW.id)
      WHERE id = NEW.job_id AND ifnull(final_asset_id, '') = '' AND selected_candidate_index = NEW.candidate_index;`;

const followed = [
  'job_id',
  'candidate_index',
  'status',
  'rank_hard_failures',
  'rank_soft_warnings',
  'rank_avg_chroma_exceed',
  'meta_json',
];

/** Registers the final file of NEW, a job. */
const registerJobFile = registerFiles(
  {
    id: `(NEW.id || ':final-output')`,
    otherwise: anyId,
    project: 'r.project_id',
    run: 'r.id',
    job: 'NEW.id',
    candidate: 'NULL',
    kind: `'job_final_output'`,
    path: 'k.path',
    now: utcNow,
  },
  `FROM (SELECT ${cleaned('NEW.final_output')} AS path) AS k, runs AS r WHERE r.id = NEW.run_id AND NEW.id IS NOT NULL`,
);
const fileOfJob = `(SELECT ${assetOf('r.project_id', 'k.path')}
          FROM (SELECT ${cleaned('NEW.final_output')} AS path) AS k, runs AS r WHERE r.id = NEW.run_id)`;
const chosenFile = (index: string) => `(SELECT coalesce(c.final_asset_id, c.output_asset_id) FROM run_candidates AS c
          WHERE c.job_id = NEW.id AND c.candidate_index = ${index})`;

export const candidateTriggers: Readonly<Record<string, string>> = {
  _phasewise_0011_candidates_insert: `CREATE TRIGGER _phasewise_0011_candidates_insert AFTER INSERT ON run_job_candidates
  BEGIN${registerCandidateFile('output_path', 'candidate_output', ':output')};${registerCandidateFile('final_output_path', 'candidate_final_output', ':final')};
    UPDATE run_candidates SET ${followed.map((column) => `${column} = NEW.${column}`).join(', ')},
        output_asset_id = ${fileOf('output_path')}, final_asset_id = ${fileOf('final_output_path')}
      WHERE id = NEW.id AND ${projectOf('NEW.job_id')} IS NOT NULL AND ${isSlotFree};${insertTwin}${completeJob}
  END`,
  _phasewise_0011_candidates_update: `CREATE TRIGGER _phasewise_0011_candidates_update AFTER UPDATE ON run_job_candidates
  BEGIN${registerCandidateFile('output_path', 'candidate_output', ':output')};${registerCandidateFile('final_output_path', 'candidate_final_output', ':final')};
    UPDATE run_candidates SET
        ${followed.map((column) => `${column} = CASE WHEN NEW.${column} IS NOT OLD.${column} THEN NEW.${column} ELSE ${column} END`).join(',\n        ')},
        output_asset_id = CASE WHEN NEW.output_path IS NOT OLD.output_path THEN ${fileOf('output_path')} ELSE output_asset_id END,
        final_asset_id = CASE WHEN NEW.final_output_path IS NOT OLD.final_output_path THEN ${fileOf('final_output_path')} ELSE final_asset_id END
      WHERE id = NEW.id AND ${projectOf('NEW.job_id')} IS NOT NULL AND ${isSlotFree};${insertTwin}${completeJob}
  END`,
  _phasewise_0011_candidates_delete: `CREATE TRIGGER _phasewise_0011_candidates_delete AFTER DELETE ON run_job_candidates
  BEGIN
    DELETE FROM run_candidates WHERE id = OLD.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'run_candidates' AND key = OLD.id;
  END`,
  _phasewise_0011_run_candidates_yield: `CREATE TRIGGER _phasewise_0011_run_candidates_yield BEFORE INSERT ON run_candidates
  WHEN EXISTS (SELECT 1 FROM _phasewise_mirrored WHERE mirror = 'run_candidates' AND key = NEW.id)
  BEGIN
    DELETE FROM run_candidates WHERE id = NEW.id;
    DELETE FROM _phasewise_mirrored WHERE mirror = 'run_candidates' AND key = NEW.id;
  END`,
  // A program that writes both tables does so within one run: earlier marks have served their turn.
  _phasewise_0011_runs_insert: `CREATE TRIGGER _phasewise_0011_runs_insert AFTER INSERT ON runs
  BEGIN
    DELETE FROM _phasewise_mirrored WHERE mirror = 'run_candidates';
  END`,
  // At ingestion the path of the job itself decides; its candidates come later.
  _phasewise_0011_run_jobs_insert: `CREATE TRIGGER _phasewise_0011_run_jobs_insert AFTER INSERT ON run_jobs
  WHEN ifnull(NEW.final_asset_id, '') = ''
  BEGIN${registerJobFile};
    UPDATE run_jobs SET final_asset_id = ${fileOfJob} WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0011_run_jobs_update: `CREATE TRIGGER _phasewise_0011_run_jobs_update AFTER UPDATE OF final_output, selected_candidate ON run_jobs
  WHEN NEW.final_asset_id IS OLD.final_asset_id
    AND (NEW.final_output IS NOT OLD.final_output OR NEW.selected_candidate IS NOT OLD.selected_candidate)
  BEGIN${registerJobFile};
    UPDATE run_jobs SET final_asset_id = CASE
        WHEN NEW.final_output IS NOT OLD.final_output AND ${cleaned('NEW.final_output')} <> '' THEN ${fileOfJob}
        WHEN NEW.selected_candidate IS NOT OLD.selected_candidate AND NEW.selected_candidate_index IS OLD.selected_candidate_index
          THEN coalesce(${chosenFile('NEW.selected_candidate')}, ${fileOfJob})
        ELSE coalesce(${chosenFile('NEW.selected_candidate_index')}, ${fileOfJob}) END
      WHERE rowid = NEW.rowid;
  END`,
  // With foreign keys off nothing else would take the candidates of a job along.
  _phasewise_0011_run_jobs_delete: `CREATE TRIGGER _phasewise_0011_run_jobs_delete AFTER DELETE ON run_jobs
  BEGIN
    DELETE FROM run_candidates WHERE job_id = OLD.id;
  END`,
};
