import {
  candidates,
  changesOf,
  fileColumns,
  fileOf,
  isEmpty,
  isPassed,
  oldCandidates,
  openColumns,
  projectOf,
  rowOf,
  sharedColumns,
  valueOf,
} from '../rules/candidate-rows.ts';
import { changeMayBreakRuleOf, mayBreakRuleOf } from '../rules/own-rule.ts';
import { astrayTrigger } from './astray-triggers.ts';
import {
  changedOnly,
  forget,
  forgetArrival,
  forgetStale,
  isBack,
  isChanged,
  isMoved,
  isQuiet,
  isSlotTaken,
  isThere,
  note,
  noteArrival,
  noteReplaced,
  quietly,
  removeReplaced,
  stayTrigger,
} from './mirror.ts';
import { addressOf, cleaned, isNamedBy, registerFiles } from '../rules/path-rule.ts';

/**
 * What keeps run_candidates in step while older programs write run_job_candidates. Part of the candidates' migration
 * and as immutable as it is.
 */
const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;
const isSecond = isMoved(oldCandidates);

/** Registers the file of one column of NEW, a candidate. */
const registerFile = (column: string, kind: string, suffix: string) =>
  registerFiles(
    {
      id: `(NEW.id || '${suffix}')`,
      otherwise: 'lower(hex(randomblob(8)))',
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
const registerBoth = `${registerFile('output_path', 'candidate_output', ':output')};${registerFile('final_output_path', 'candidate_final_output', ':final')};`;

/** A file that the path names stays: where several do, the program that knows assets chose. */
const keptOr = (path: string, asset: string) =>
  `WHEN ${isNamedBy(asset, cleaned(`NEW.${path}`))} THEN ${asset} ELSE ${fileOf(path)} END`;

const row = rowOf(oldCandidates);
const isOwnPlace = `id = NEW.id AND EXISTS (SELECT 1 ${row}) AND ${projectOf('NEW.job_id')} IS NOT NULL AND NOT ${isSlotTaken(candidates)}`;

const insertTwin = `
    INSERT INTO run_candidates (id, ${sharedColumns.join(', ')}, output_asset_id, final_asset_id, created_at)
      SELECT NEW.id, ${sharedColumns.map((column) => `s.${column}`).join(', ')}, ${fileOf('output_path')}, ${fileOf('final_output_path')}, s.created_at ${row}
        AND ${projectOf('NEW.job_id')} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM run_candidates WHERE id = NEW.id) AND NOT ${isSlotTaken(candidates)}
        AND NOT ${mayBreakRuleOf('run_candidates', candidates.columns)};${note('run_candidates', 'NEW.id', 'changes() = 1')}`;

/** The insert of a program that wrote the new name first: what it left empty here comes from there. */
const completeFromTwin = `
    UPDATE run_job_candidates SET ${[
      ...openColumns.map(
        (column) =>
          `${column} = (SELECT CASE WHEN ${oldCandidates.isLeftTo('t', column)} THEN t.${column} ELSE run_job_candidates.${column} END FROM run_candidates AS t WHERE t.id = NEW.id)`,
      ),
      ...fileColumns.map(
        ([path, asset]) =>
          `${path} = CASE WHEN ${isEmpty(path)} THEN (SELECT ${addressOf(`t.${asset}`)} FROM run_candidates AS t WHERE t.id = NEW.id) ELSE ${path} END`,
      ),
    ].join(',\n        ')}
      WHERE id = NEW.id AND ${isSecond} AND ${projectOf('NEW.job_id')} IS NOT NULL AND EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = NEW.id
        AND (${[...fileColumns.map(([path]) => isEmpty(`NEW.${path}`)), ...openColumns.map((column) => oldCandidates.isLeftTo('t', column))].join(' OR ')}));`;

/** A job whose chosen candidate comes after it has no final file yet. */
const completeJob = quietly(
  'run_jobs',
  `
    UPDATE run_jobs SET final_asset_id = (SELECT coalesce(c.final_asset_id, c.output_asset_id) FROM run_candidates AS c WHERE c.id = NEW.id)
      WHERE id = NEW.job_id AND ifnull(final_asset_id, '') = '' AND selected_candidate_index = NEW.candidate_index
        AND NOT ${mayBreakRuleOf('run_jobs', ['final_asset_id'])};`,
);

const changeable = [...sharedColumns, 'created_at'];

export const candidateTriggers: Readonly<Record<string, string>> = {
  _phasewise_0011_candidates_replaces: `CREATE TRIGGER _phasewise_0011_candidates_replaces BEFORE INSERT ON run_job_candidates
  WHEN ${isSlotTaken(oldCandidates)} OR ${isThere(oldCandidates)}
  BEGIN${noteReplaced(oldCandidates)}${noteArrival(oldCandidates)}
  END`,
  _phasewise_0011_candidates_renumbers: `CREATE TRIGGER _phasewise_0011_candidates_renumbers BEFORE UPDATE OF job_id, candidate_index ON run_job_candidates
  WHEN ${isChanged(['job_id', 'candidate_index'])} AND ${isSlotTaken(oldCandidates)}
  BEGIN${noteReplaced(oldCandidates)}
  END`,
  _phasewise_0011_candidates_insert: `CREATE TRIGGER _phasewise_0011_candidates_insert AFTER INSERT ON run_job_candidates
  WHEN NOT ${isQuiet('run_job_candidates')}
  BEGIN${forgetArrival(oldCandidates)}${registerBoth}${quietly(
    'run_candidates',
    `${removeReplaced(oldCandidates, candidates)}
    UPDATE run_candidates SET ${sharedColumns.map((column) => `${column} = CASE WHEN ${isSecond} AND ${oldCandidates.isLeftTo('run_candidates', column)} THEN ${column} ELSE ${valueOf(oldCandidates, column)} END`).join(',\n        ')},
        ${fileColumns.map(([path, asset]) => `${asset} = CASE WHEN (${isEmpty(`NEW.${path}`)} AND ${isSecond}) OR ${isPassed(oldCandidates, path)} THEN ${asset} ${keptOr(path, asset)}`).join(',\n        ')}
      WHERE ${isOwnPlace} AND NOT ${mayBreakRuleOf('run_candidates', candidates.columns)};${insertTwin}`,
  )}${quietly('run_job_candidates', completeFromTwin)}${forget('run_job_candidates/moved', 'NEW.id')}${completeJob}
  END`,
  _phasewise_0011_candidates_update: `CREATE TRIGGER _phasewise_0011_candidates_update AFTER UPDATE ON run_job_candidates
  WHEN NEW.id IS OLD.id AND ${isChanged([...changeable, 'output_path', 'final_output_path'])} AND NOT ${isQuiet('run_job_candidates')}
  BEGIN${registerBoth}${quietly(
    'run_candidates',
    `${removeReplaced(oldCandidates, candidates)}
    UPDATE run_candidates SET
        ${changedOnly(changeable, (column) => valueOf(oldCandidates, column))},
        ${fileColumns.map(([path, asset]) => `${asset} = CASE WHEN NEW.${path} IS OLD.${path} OR ${isPassed(oldCandidates, path)} THEN ${asset} ${keptOr(path, asset)}`).join(',\n        ')}
      WHERE ${isOwnPlace} AND NOT ${changeMayBreakRuleOf('run_candidates', changesOf(oldCandidates, candidates))};${insertTwin}`,
  )}${completeJob}
  END`,
  ...stayTrigger('_phasewise_0011_candidates_stays', oldCandidates),
  _phasewise_0011_candidates_delete: `CREATE TRIGGER _phasewise_0011_candidates_delete AFTER DELETE ON run_job_candidates
  WHEN NOT ${isBack(oldCandidates)}
  BEGIN
    DELETE FROM run_candidates WHERE id = OLD.id;${forget('run_candidates', 'OLD.id')}${forget('run_job_candidates', 'OLD.id')}
  END`,
  // A program that writes both tables does so within one run: earlier notes have served their turn.
  _phasewise_0011_runs_insert: `CREATE TRIGGER _phasewise_0011_runs_insert AFTER INSERT ON runs
  BEGIN
    DELETE FROM _phasewise_mirrored WHERE mirror NOT IN ('users', 'app_users', 'project_storage');${forgetStale}
  END`,
  // With foreign keys off nothing else would take the candidates of a job along. The old table keeps its orphans.
  _phasewise_0011_run_jobs_delete: `CREATE TRIGGER _phasewise_0011_run_jobs_delete AFTER DELETE ON run_jobs
  WHEN EXISTS (SELECT 1 FROM run_candidates WHERE job_id = OLD.id)
  BEGIN${quietly(
    'run_candidates',
    `
    DELETE FROM run_candidates WHERE job_id = OLD.id;`,
  )}
  END`,
  _phasewise_0011_run_candidates_astray: astrayTrigger(
    '_phasewise_0011_run_candidates_astray',
    '20260221_0011_rename_candidates',
    {
      table: 'run_candidates',
      columns: fileColumns.map(([, asset]) => asset),
      others: changeable,
    },
  ),
};
