import { mayBreakRuleOf, valueMayBreakRuleOf } from '../rules/own-rule.ts';
import { forget, isNoted, isQuiet, note, quietly } from './mirror.ts';
import {
  isObject,
  isSeed,
  notesIn,
  ratingIn,
  ratingSummary,
  saysNothing,
  seedSummary,
  withRating,
} from '../rules/quality-summary.ts';

/**
 * What keeps quality_reports right while programs write. Part of its migration and as immutable as it is. Built-in
 * functions and old syntax only; no trigger aborts another program's write.
 */
type Triggers = Readonly<Record<string, string>>;

const utcNow = `strftime('%Y-%m-%dT%H:%M:%SZ', 'now')`;
const ownId = (candidate: string) => `${candidate} || ':quality'`;
/** Somebody added to the seed: a member that neither it nor a run log has, or a rating or note that says something. */
const hasMore = (
  summary: string,
) => `EXISTS (SELECT 1 FROM json_each(CASE WHEN ${isObject(summary)} THEN ${summary} END)
        WHERE key NOT IN ('status', 'rank', 'source', 'output_guard', 'qa') AND NOT (key = 'rating' AND value = 0 OR key = 'notes' AND value = ''))`;
const seedColumns = ['project_id', 'run_id', 'job_id', 'candidate_id', 'report_type', 'summary_json', 'created_at'];
/** The report that the backfill or a trigger made of a candidate, whatever became of it. */
const isMade = (candidate: string) => `id = ${ownId(candidate)} AND ${isSeed('summary_json')}`;
/** The same as long as it says what was derived: with a rating or a note in it, it is the report of whoever gave them. */
const isOwn = (candidate: string, hasLegacy: boolean) =>
  `${isMade(candidate)} AND report_type = 'output_guard' AND NOT ${hasMore('summary_json')}${hasLegacy ? ` AND ifnull(rating, 0) = 0 AND ifnull(notes, '') = ''` : ''}`;

/**
 * A candidate that a program adds gets its report; one by the program itself takes its place. Whoever goes takes along
 * or leaves what its reference says, also where foreign keys are off or the column carries none yet. A report that a
 * person rated stays whoever goes: it is let go of, and found again by a candidate that comes back under its key.
 * @param hasLegacy the table has its old columns beside the new ones.
 */
export const seedTriggers = (hasLegacy: boolean): Triggers => ({
  _phasewise_0012_candidates_insert: `CREATE TRIGGER _phasewise_0012_candidates_insert AFTER INSERT ON run_candidates
  WHEN NEW.id IS NOT NULL
  BEGIN
    UPDATE quality_reports SET candidate_id = NEW.id, job_id = NEW.job_id,
        summary_json = CASE WHEN ${isOwn('NEW.id', hasLegacy)} THEN ${seedSummary('NEW')} ELSE summary_json END
      WHERE ${isMade('NEW.id')} AND (candidate_id IS NULL OR ${isOwn('NEW.id', hasLegacy)})
        AND (candidate_id IS NEW.id OR NOT ${mayBreakRuleOf('quality_reports', ['candidate_id'])});
    INSERT INTO quality_reports (id, project_id, run_id, job_id, candidate_id, report_type, summary_json, created_at${hasLegacy ? ', run_job_id, run_job_candidate_id' : ''})
      SELECT ${ownId('NEW.id')}, r.project_id, r.id, j.id, NEW.id, 'output_guard', ${seedSummary('NEW')},
        CASE WHEN ifnull(NEW.created_at, '') = '' THEN ${utcNow} ELSE NEW.created_at END${hasLegacy ? `, j.id, (SELECT c.id FROM run_job_candidates AS c WHERE c.id = NEW.id)` : ''}
      FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id
      WHERE j.id = NEW.job_id AND EXISTS (SELECT 1 FROM projects AS p WHERE p.id = r.project_id)
        AND NOT EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.candidate_id = NEW.id AND q.report_type <> 'human_review')
        AND NOT EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.id = ${ownId('NEW.id')})
        AND NOT ${mayBreakRuleOf('quality_reports', seedColumns)};${note('quality_reports', 'NEW.id', 'changes() = 1')}
  END`,
  _phasewise_0012_candidates_delete: `CREATE TRIGGER _phasewise_0012_candidates_delete AFTER DELETE ON run_candidates
  BEGIN
    DELETE FROM quality_reports WHERE ${isOwn('OLD.id', hasLegacy)};
    UPDATE quality_reports SET candidate_id = NULL WHERE candidate_id = OLD.id;${forget('quality_reports', 'OLD.id')}
  END`,
  // A rating by hand stands beside the guard's report; only a result of its kind replaces it.
  _phasewise_0012_reports_replace: `CREATE TRIGGER _phasewise_0012_reports_replace AFTER INSERT ON quality_reports
  WHEN NEW.report_type <> 'human_review' AND NOT ${saysNothing('NEW.summary_json')} AND ${isNoted('quality_reports', 'NEW.candidate_id')}
  BEGIN
    DELETE FROM quality_reports WHERE ${isOwn('NEW.candidate_id', hasLegacy)} AND id IS NOT NEW.id;${forget('quality_reports', 'NEW.candidate_id')}
  END`,
  _phasewise_0012_run_jobs_delete: `CREATE TRIGGER _phasewise_0012_run_jobs_delete AFTER DELETE ON run_jobs
  BEGIN
    UPDATE quality_reports SET job_id = NULL WHERE job_id = OLD.id;
  END`,
  _phasewise_0012_runs_delete: `CREATE TRIGGER _phasewise_0012_runs_delete AFTER DELETE ON runs
  BEGIN
    UPDATE quality_reports SET run_id = NULL WHERE run_id = OLD.id;
  END`,
  _phasewise_0012_projects_delete: `CREATE TRIGGER _phasewise_0012_projects_delete AFTER DELETE ON projects
  BEGIN
    DELETE FROM quality_reports WHERE project_id = OLD.id;
  END`,
});

/**
 * A program changes a candidate's key: a foreign key must not stop it on account of a report that we made, which goes
 * along. Quietly, as the other table's candidate keeps its key. A row that only makes place (`yieldPlace`) takes nothing.
 */
const rekeyed = (
  name: string,
  table: string,
  column: string,
  more: string,
) => `CREATE TRIGGER ${name} AFTER UPDATE OF id ON ${table}
  WHEN NEW.id IS NOT OLD.id AND ifnull(substr(NEW.id, 1, 11), '') <> '_phasewise:'
  BEGIN${quietly(
    'quality_reports',
    `
    UPDATE quality_reports SET ${column} = NEW.id${more}
      WHERE ${column} = OLD.id AND (id = ${ownId('OLD.id')} OR ${isSeed('summary_json')});`,
  )}
  END`;
const ownIdMoves = `,
        id = CASE WHEN id = ${ownId('OLD.id')} AND NEW.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM quality_reports AS q WHERE q.id = ${ownId('NEW.id')}) THEN ${ownId('NEW.id')} ELSE id END`;
export const rekeyTriggers = (hasLegacy: boolean): Triggers => ({
  _phasewise_0012_run_candidates_rekeyed: rekeyed(
    '_phasewise_0012_run_candidates_rekeyed',
    'run_candidates',
    'candidate_id',
    ownIdMoves,
  ),
  ...(hasLegacy && {
    _phasewise_0012_candidates_rekeyed: rekeyed(
      '_phasewise_0012_candidates_rekeyed',
      'run_job_candidates',
      'run_job_candidate_id',
      '',
    ),
  }),
});

/** A reference is carried over only if it would hold on the other side: enforced there, it must not fail the write. */
const isThere = (table: string, id: string) =>
  `(${id} IS NULL OR EXISTS (SELECT 1 FROM ${table} AS t WHERE t.id = ${id}))`;
const moves = (from: string, to: string, table: string) => `NEW.${from} IS NOT OLD.${from} AND NEW.${to} IS OLD.${to}
      AND NEW.${to} IS NOT NEW.${from} AND ${isThere(table, `NEW.${from}`)}`;
/** Cleared because its candidate was just replaced: the new table still has it. One that goes for good is let go of there. */
const candidateMoves = `${moves('run_job_candidate_id', 'candidate_id', 'run_candidates')} AND NOT ${isQuiet('quality_reports')}
      AND (NEW.run_job_candidate_id IS NOT NULL OR EXISTS (SELECT 1 FROM run_job_candidates AS t WHERE t.id = OLD.run_job_candidate_id))`;
const arrives = (from: string, to: string, table: string) =>
  `NEW.${to} IS NULL AND NEW.${from} IS NOT NULL AND ${isThere(table, `NEW.${from}`)}`;
const set = (column: string, condition: string, value: string) =>
  `${column} = CASE WHEN ${condition} AND NOT ${valueMayBreakRuleOf('quality_reports', column, value)} THEN ${value} ELSE ${column} END`;
const trigger = (
  name: string,
  event: string,
  when: string[],
  sets: string[],
) => `CREATE TRIGGER ${name} AFTER ${event} ON quality_reports
  WHEN ${when.map((condition) => `(${condition})`).join('\n    OR ')}
  BEGIN
    UPDATE quality_reports SET ${sets.join(',\n        ')}
      WHERE rowid = NEW.rowid;
  END`;

const typeOfRating = (condition: string) =>
  set('report_type', `${condition} AND ifnull(NEW.report_type, '') IN ('', 'output_guard')`, `'human_review'`);
const isUnsaid = saysNothing('NEW.summary_json');
/** A rating that the summary does not say yet. Blobs stay where they are: they can't be said in JSON. */
const isNewRating = `(NEW.rating IS NOT OLD.rating OR NEW.notes IS NOT OLD.notes) AND NEW.summary_json IS OLD.summary_json
      AND typeof(NEW.rating) <> 'blob' AND (${isUnsaid} OR ${isObject('NEW.summary_json')})
      AND (${ratingIn('NEW.summary_json')} IS NOT NEW.rating OR ${notesIn('NEW.summary_json')} IS NOT NEW.notes)`;
const isNewSummary = (column: string, read: (summary: string) => string) =>
  `NEW.summary_json IS NOT OLD.summary_json AND NEW.${column} IS OLD.${column}
      AND ${read('NEW.summary_json')} IS NOT ${read('OLD.summary_json')}
      AND ${read('NEW.summary_json')} IS NOT CASE typeof(NEW.${column}) WHEN 'blob' THEN CAST(NEW.${column} AS TEXT) ELSE NEW.${column} END`;

/** Programs that know only the old columns write them, and the new ones follow. */
export const reportTriggers: Triggers = {
  _phasewise_0012_reports_insert: trigger(
    '_phasewise_0012_reports_insert',
    'INSERT',
    [
      arrives('run_job_id', 'job_id', 'run_jobs'),
      arrives('run_job_candidate_id', 'candidate_id', 'run_candidates'),
      isUnsaid,
    ],
    [
      set('job_id', arrives('run_job_id', 'job_id', 'run_jobs'), 'NEW.run_job_id'),
      set(
        'candidate_id',
        arrives('run_job_candidate_id', 'candidate_id', 'run_candidates'),
        'NEW.run_job_candidate_id',
      ),
      typeOfRating(isUnsaid),
      set('summary_json', isUnsaid, ratingSummary('NEW')),
    ],
  ),
  _phasewise_0012_reports_update: trigger(
    '_phasewise_0012_reports_update',
    'UPDATE OF run_job_id, run_job_candidate_id, rating, notes',
    [moves('run_job_id', 'job_id', 'run_jobs'), candidateMoves, isNewRating],
    [
      set('job_id', moves('run_job_id', 'job_id', 'run_jobs'), 'NEW.run_job_id'),
      set('candidate_id', candidateMoves, 'NEW.run_job_candidate_id'),
      typeOfRating(`${isNewRating} AND ${isUnsaid}`),
      set(
        'summary_json',
        isNewRating,
        `CASE WHEN ${isUnsaid} THEN ${ratingSummary('NEW')} ELSE ${withRating('NEW')} END`,
      ),
    ],
  ),
};

const candidateMovesBack = `${moves('candidate_id', 'run_job_candidate_id', 'run_job_candidates')} AND NOT ${isQuiet('quality_reports')}`;

/** Programs that know only the new columns write them, and the old ones follow. */
export const reportFollowTriggers: Triggers = {
  _phasewise_0012_reports_insert_follows: trigger(
    '_phasewise_0012_reports_insert_follows',
    'INSERT',
    [
      arrives('job_id', 'run_job_id', 'run_jobs'),
      arrives('candidate_id', 'run_job_candidate_id', 'run_job_candidates'),
      `NEW.rating = 0 AND NEW.notes = '' AND (${ratingIn('NEW.summary_json')} IS NOT 0 OR ${notesIn('NEW.summary_json')} <> '')`,
    ],
    [
      set('run_job_id', arrives('job_id', 'run_job_id', 'run_jobs'), 'NEW.job_id'),
      set(
        'run_job_candidate_id',
        arrives('candidate_id', 'run_job_candidate_id', 'run_job_candidates'),
        'NEW.candidate_id',
      ),
      set('rating', `NEW.rating = 0 AND NEW.notes = ''`, ratingIn('NEW.summary_json')),
      set('notes', `NEW.rating = 0 AND NEW.notes = ''`, notesIn('NEW.summary_json')),
    ],
  ),
  _phasewise_0012_reports_update_follows: trigger(
    '_phasewise_0012_reports_update_follows',
    'UPDATE OF job_id, candidate_id, summary_json',
    [
      moves('job_id', 'run_job_id', 'run_jobs'),
      candidateMovesBack,
      isNewSummary('rating', ratingIn),
      isNewSummary('notes', notesIn),
    ],
    [
      set('run_job_id', moves('job_id', 'run_job_id', 'run_jobs'), 'NEW.job_id'),
      set('run_job_candidate_id', candidateMovesBack, 'NEW.candidate_id'),
      set('rating', isNewSummary('rating', ratingIn), ratingIn('NEW.summary_json')),
      set('notes', isNewSummary('notes', notesIn), notesIn('NEW.summary_json')),
    ],
  ),
};
