import { isEmpty } from '../rules/candidate-rows.ts';
import { mayBreakRuleOf } from '../rules/own-rule.ts';
import { astrayTrigger } from './astray-triggers.ts';
import { isQuiet, quietly } from './mirror.ts';
import { addressOf, assetOf, cleaned, isNamedBy, pathAfter, registerFiles } from '../rules/path-rule.ts';

/**
 * What keeps the final file of a job in step: final_output names it by its path, final_asset_id by its asset. Part of
 * the candidates' migration and as immutable as it is. NEW says what the program's statement did; a trigger that somebody
 * added later fires first, so what is written comes from the row as it stands.
 */
const isOurs = isQuiet('run_jobs');

/** Registers the final file of NEW, a job. */
const registerFile = registerFiles(
  {
    id: `(NEW.id || ':final-output')`,
    otherwise: 'lower(hex(randomblob(8)))',
    project: 'r.project_id',
    run: 'r.id',
    job: 'NEW.id',
    candidate: 'NULL',
    kind: `'job_final_output'`,
    path: 'k.path',
    now: `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`,
  },
  `FROM (SELECT ${cleaned('j.final_output')} AS path FROM run_jobs AS j
        WHERE j.rowid = NEW.rowid AND j.final_asset_id IS NEW.final_asset_id) AS k, runs AS r
      WHERE r.id = NEW.run_id AND NEW.id IS NOT NULL`,
);
const ownFile = `(SELECT ${assetOf('r.project_id', 'k.path')}
          FROM (SELECT ${cleaned('run_jobs.final_output')} AS path) AS k, runs AS r WHERE r.id = NEW.run_id)`;
/** Unless somebody has chosen a file since, or made the file of a job unique. */
const isUnchosen = `rowid = NEW.rowid AND final_asset_id IS NEW.final_asset_id AND NOT ${mayBreakRuleOf('run_jobs', ['final_asset_id'])}`;
const chosenFile = (index: string) => `(SELECT coalesce(c.final_asset_id, c.output_asset_id) FROM run_candidates AS c
          WHERE c.job_id = NEW.id AND c.candidate_index = ${index})`;

export const jobTriggers: Readonly<Record<string, string>> = {
  // At ingestion the path of the job itself decides; its candidates come later.
  _phasewise_0011_run_jobs_insert: `CREATE TRIGGER _phasewise_0011_run_jobs_insert AFTER INSERT ON run_jobs
  WHEN ${isEmpty('NEW.final_asset_id')}
  BEGIN${registerFile};${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET final_asset_id = ${ownFile} WHERE ${isUnchosen};`,
  )}
  END`,
  // A program that changes the choice under both names decides about the file itself.
  _phasewise_0011_run_jobs_update: `CREATE TRIGGER _phasewise_0011_run_jobs_update AFTER UPDATE OF final_output, selected_candidate ON run_jobs
  WHEN NOT ${isOurs} AND NEW.final_asset_id IS OLD.final_asset_id
    AND (NEW.final_output IS NOT OLD.final_output
      OR (NEW.selected_candidate IS NOT OLD.selected_candidate AND NEW.selected_candidate_index IS OLD.selected_candidate_index))
  BEGIN${registerFile};${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET final_asset_id = CASE
        WHEN NEW.final_output IS NOT OLD.final_output AND ${cleaned('final_output')} <> ''
          THEN CASE WHEN ${isNamedBy('run_jobs.final_asset_id', cleaned('run_jobs.final_output'))} THEN final_asset_id ELSE ${ownFile} END
        WHEN NEW.selected_candidate IS NOT OLD.selected_candidate AND NEW.selected_candidate_index IS OLD.selected_candidate_index
          THEN coalesce(${chosenFile('run_jobs.selected_candidate')}, ${ownFile})
        ELSE coalesce(${chosenFile('run_jobs.selected_candidate_index')}, ${ownFile}) END
      WHERE ${isUnchosen};`,
  )}
  END`,
  _phasewise_0011_run_jobs_astray: astrayTrigger('_phasewise_0011_run_jobs_astray', '20260221_0011_rename_candidates', {
    table: 'run_jobs',
    columns: ['final_asset_id'],
    others: [
      ...['run_id', 'job_key', 'status', 'prompt_text', 'selected_candidate', 'selected_candidate_index'],
      ...['final_output', 'meta_json', 'created_at'],
    ],
  }),
};

export const jobFollowTriggers: Readonly<Record<string, string>> = {
  _phasewise_0011_run_jobs_insert_follows: `CREATE TRIGGER _phasewise_0011_run_jobs_insert_follows AFTER INSERT ON run_jobs
  WHEN ${isEmpty('NEW.final_output')} AND NOT ${isEmpty('NEW.final_asset_id')}
  BEGIN${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET final_output = coalesce(${addressOf('run_jobs.final_asset_id')}, final_output)
      WHERE rowid = NEW.rowid AND ${isEmpty('final_output')};`,
  )}
  END`,
  _phasewise_0011_run_jobs_update_follows: `CREATE TRIGGER _phasewise_0011_run_jobs_update_follows AFTER UPDATE OF final_asset_id ON run_jobs
  WHEN NEW.final_asset_id IS NOT OLD.final_asset_id AND NEW.final_output IS OLD.final_output AND NOT ${isOurs}
  BEGIN${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET final_output = ${pathAfter('run_jobs.final_asset_id', '(SELECT r.project_id FROM runs AS r WHERE r.id = NEW.run_id)', 'run_jobs.final_output')}
      WHERE rowid = NEW.rowid AND final_output IS OLD.final_output;`,
  )}
  END`,
};
