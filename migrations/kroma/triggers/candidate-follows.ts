import {
  candidates,
  changesOf,
  fileColumns,
  isEmpty,
  isPassed,
  oldCandidates,
  projectOf,
  rowOf,
  sharedColumns,
  valueOf,
} from '../rules/candidate-rows.ts';
import {
  changedOnly,
  completeFromMoved,
  forget,
  forgetArrival,
  givesWay,
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
  recursionProbe,
  removeMoved,
  removeReplaced,
  stayTrigger,
  yieldPlace,
} from './mirror.ts';
import { changeMayBreakRuleOf, mayBreakRuleOf } from '../rules/own-rule.ts';
import { addressOf, pathAfter } from '../rules/path-rule.ts';

/**
 * What keeps run_job_candidates in step while programs write run_candidates. Part of the candidates' migration and as
 * immutable as it is. A backfill of any size inserts into run_candidates, so as few triggers as possible watch it, and
 * each asks first whether the write is one of ours.
 */
const isOurs = isQuiet('run_candidates');
const isSecond = isMoved(candidates);
const changeable = [...sharedColumns, 'created_at'];
const project = projectOf('NEW.job_id');
const row = rowOf(candidates);
const isOwnPlace = `id = NEW.id AND EXISTS (SELECT 1 ${row}) AND ${project} IS NOT NULL AND NOT ${isSlotTaken(oldCandidates)}`;

const insertTwin = `
    INSERT INTO run_job_candidates (id, ${sharedColumns.join(', ')}, output_path, final_output_path, created_at)
      SELECT NEW.id, ${sharedColumns.map((column) => `s.${column}`).join(', ')}, ${addressOf('NEW.output_asset_id')}, ${addressOf('NEW.final_asset_id')}, s.created_at ${row}
        AND ${project} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM run_job_candidates WHERE id = NEW.id) AND NOT ${isSlotTaken(oldCandidates)}
        AND NOT ${mayBreakRuleOf('run_job_candidates', oldCandidates.columns)};${note('run_job_candidates', 'NEW.id', 'changes() = 1')}`;

export const candidateFollowTriggers: Readonly<Record<string, string>> = {
  ...recursionProbe,
  _phasewise_0011_run_candidates_arrives_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_arrives_follows BEFORE INSERT ON run_candidates
  WHEN NOT ${isOurs} AND (${isThere(candidates)} OR ${isSlotTaken(candidates)})
  BEGIN${noteReplaced(candidates)}${noteArrival(candidates)}
  END`,
  _phasewise_0011_run_candidates_yield_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_yield_follows BEFORE INSERT ON run_candidates
  WHEN NOT ${isOurs} AND ${givesWay(candidates)}
  BEGIN${yieldPlace(candidates)}
  END`,
  _phasewise_0011_run_candidates_renumbers_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_renumbers_follows BEFORE UPDATE OF job_id, candidate_index ON run_candidates
  WHEN NOT ${isOurs} AND ${isChanged(['job_id', 'candidate_index'])} AND ${isSlotTaken(candidates)}
  BEGIN${noteReplaced(candidates)}
  END`,
  _phasewise_0011_run_candidates_insert_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_insert_follows AFTER INSERT ON run_candidates
  WHEN NOT ${isOurs}
  BEGIN${forgetArrival(candidates)}${quietly(
    'run_job_candidates',
    `${removeReplaced(candidates, oldCandidates)}
    UPDATE run_job_candidates SET ${sharedColumns.map((column) => `${column} = CASE WHEN ${isSecond} AND ${candidates.isLeftTo('run_job_candidates', column)} THEN ${column} ELSE ${valueOf(candidates, column)} END`).join(',\n        ')},
        ${fileColumns.map(([path, asset]) => `${path} = CASE WHEN (${isEmpty(`NEW.${asset}`)} AND ${isSecond}) OR ${isPassed(candidates, asset)} THEN ${path} ELSE ${pathAfter(`NEW.${asset}`, project, path)} END`).join(',\n        ')}
      WHERE ${isOwnPlace} AND NOT ${mayBreakRuleOf('run_job_candidates', oldCandidates.columns)};${insertTwin}`,
  )}${quietly('run_candidates', completeFromMoved(candidates))}${removeMoved(candidates)}
  END`,
  _phasewise_0011_run_candidates_update_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_update_follows AFTER UPDATE ON run_candidates
  WHEN NOT ${isOurs} AND NEW.id IS OLD.id AND ${isChanged([...changeable, 'output_asset_id', 'final_asset_id'])}
  BEGIN${quietly(
    'run_job_candidates',
    `${removeReplaced(candidates, oldCandidates)}
    UPDATE run_job_candidates SET
        ${changedOnly(changeable, (column) => valueOf(candidates, column))},
        ${fileColumns.map(([path, asset]) => `${path} = CASE WHEN NEW.${asset} IS OLD.${asset} OR ${isPassed(candidates, asset)} THEN ${path} ELSE ${pathAfter(`NEW.${asset}`, project, path)} END`).join(',\n        ')}
      WHERE ${isOwnPlace} AND NOT ${changeMayBreakRuleOf('run_job_candidates', changesOf(candidates, oldCandidates))};${insertTwin}`,
  )}
  END`,
  ...stayTrigger('_phasewise_0011_run_candidates_stays_follows', candidates),
  _phasewise_0011_run_candidates_delete_follows: `CREATE TRIGGER _phasewise_0011_run_candidates_delete_follows AFTER DELETE ON run_candidates
  WHEN NOT ${isOurs} AND NOT ${isBack(candidates)}
  BEGIN
    DELETE FROM run_job_candidates WHERE id = OLD.id;${forget('run_candidates', 'OLD.id')}${forget('run_job_candidates', 'OLD.id')}
  END`,
  _phasewise_0011_candidates_yield_follows: `CREATE TRIGGER _phasewise_0011_candidates_yield_follows BEFORE INSERT ON run_job_candidates
  WHEN ${givesWay(oldCandidates)}
  BEGIN${yieldPlace(oldCandidates)}
  END`,
  // The note stays for the trigger that carries the insert over: which of the two comes first is SQLite's choice.
  _phasewise_0011_candidates_yielded_follows: `CREATE TRIGGER _phasewise_0011_candidates_yielded_follows AFTER INSERT ON run_job_candidates
  WHEN EXISTS (SELECT 1 FROM run_job_candidates WHERE id = '_phasewise:' || NEW.id)
  BEGIN
    DELETE FROM run_job_candidates WHERE id = '_phasewise:' || NEW.id;
  END`,
};
