import {
  addColumn,
  allRight,
  columnExists,
  defineMigration,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { namesMissing } from './rules/details.ts';
import { valueMayBreakRuleOf } from './rules/own-rule.ts';
import { readable } from './rules/readable-json.ts';
import { isQuiet, quietly } from './triggers/mirror.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives every job its canonical columns: selected_candidate_index from selected_candidate (rule J1), prompt_text from
 * the job's own JSON, and room for final_asset_id, which the candidates' migration fills.
 * Why: the prompt was hidden in meta_json, and the original left the new column empty for every old job (rule J2, D1).
 * The JSON is read as Python reads it; the prompt is `prompt`, else `prompt_text`. meta_json itself stays as it is.
 */
const columns = {
  selected_candidate_index: 'INTEGER',
  final_asset_id: 'TEXT',
  prompt_text: `TEXT NOT NULL DEFAULT ''`,
};

/** The last of equal keys, as Python's str() writes it; JSON null counts as absent. */
const textAt = (job: string, key: string) =>
  `(SELECT CASE type WHEN 'null' THEN NULL WHEN 'true' THEN 'True' WHEN 'false' THEN 'False'
        WHEN 'real' THEN replace(CAST(value AS TEXT), '.0e', 'e') ELSE CAST(value AS TEXT) END
      FROM json_each(${job}) WHERE key = '${key}' ORDER BY id DESC LIMIT 1)`;
/** A query of one value: the prompt in a job's JSON, '' when there is none. Nested, because triggers know no WITH. */
const promptIn = (
  meta: string,
) => `(SELECT coalesce(nullif(${textAt('job', 'prompt')}, ''), ${textAt('job', 'prompt_text')}, '')
      FROM (SELECT CASE json_type(doc) WHEN 'object' THEN doc END AS job
        FROM (SELECT ${readable('meta')} AS doc FROM (SELECT CAST(${meta} AS TEXT) AS meta))))`;

const isFree = (column: string, value: string) => `NOT ${valueMayBreakRuleOf('run_jobs', column, value, 'run_id')}`;
/** A trigger that somebody added later fires first: what is written comes from the row as it stands, not from NEW. */
const triggers = {
  _phasewise_0010_run_jobs_insert: `CREATE TRIGGER _phasewise_0010_run_jobs_insert AFTER INSERT ON run_jobs
  BEGIN
    UPDATE run_jobs SET
        selected_candidate_index = CASE WHEN selected_candidate_index IS NULL AND ${isFree('selected_candidate_index', 'run_jobs.selected_candidate')} THEN selected_candidate
          ELSE selected_candidate_index END,
        prompt_text = CASE WHEN prompt_text = '' AND ${isFree('prompt_text', promptIn('run_jobs.meta_json'))} THEN ${promptIn('run_jobs.meta_json')} ELSE prompt_text END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0010_run_jobs_update: `CREATE TRIGGER _phasewise_0010_run_jobs_update
  AFTER UPDATE OF selected_candidate, meta_json ON run_jobs
  BEGIN
    UPDATE run_jobs SET
        selected_candidate_index = CASE WHEN NEW.selected_candidate IS NOT OLD.selected_candidate
          AND selected_candidate_index IS OLD.selected_candidate_index AND ${isFree('selected_candidate_index', 'run_jobs.selected_candidate')} THEN selected_candidate
          ELSE selected_candidate_index END,
        prompt_text = CASE WHEN NEW.meta_json IS NOT OLD.meta_json AND prompt_text IS OLD.prompt_text AND ${isFree('prompt_text', promptIn('run_jobs.meta_json'))}
          AND ${promptIn('run_jobs.meta_json')} IS NOT ${promptIn('OLD.meta_json')} THEN ${promptIn('run_jobs.meta_json')}
          ELSE prompt_text END
      WHERE rowid = NEW.rowid;
  END`,
};

/** Quietly: a choice that older programs change makes the final file follow, which newer ones name themselves. */
const followTriggers = {
  _phasewise_0010_run_jobs_insert_follows: `CREATE TRIGGER _phasewise_0010_run_jobs_insert_follows AFTER INSERT ON run_jobs
  WHEN NEW.selected_candidate IS NULL AND NEW.selected_candidate_index IS NOT NULL
  BEGIN${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET selected_candidate = selected_candidate_index WHERE rowid = NEW.rowid AND selected_candidate IS NULL;`,
  )}
  END`,
  _phasewise_0010_run_jobs_update_follows: `CREATE TRIGGER _phasewise_0010_run_jobs_update_follows AFTER UPDATE OF selected_candidate_index ON run_jobs
  WHEN NEW.selected_candidate_index IS NOT OLD.selected_candidate_index AND NEW.selected_candidate IS OLD.selected_candidate
    AND NEW.selected_candidate IS NOT NEW.selected_candidate_index AND NOT ${isQuiet('run_jobs')}
  BEGIN${quietly(
    'run_jobs',
    `
    UPDATE run_jobs SET selected_candidate = selected_candidate_index
      WHERE rowid = NEW.rowid AND selected_candidate IS OLD.selected_candidate;`,
  )}
  END`,
};

const homeless = `NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.id = s.run_id)`;
/** The JSON of a job must be an object; nothing at all is fine. */
const unreadable = `(ifnull(s.meta_json, '') NOT IN ('', '{}') AND ifnull(json_type(${readable('CAST(s.meta_json AS TEXT)')}), '') <> 'object')`;
/** What the details are instead, without what they say. */
const kindOfJson = `CASE json_type(${readable('CAST(s.meta_json AS TEXT)')}) WHEN 'array' THEN 'a list' WHEN 'null' THEN 'null'
  WHEN 'text' THEN 'a text' WHEN 'integer' THEN 'a number' WHEN 'real' THEN 'a number' WHEN 'true' THEN 'a switch'
  WHEN 'false' THEN 'a switch' ELSE 'no JSON from character ' || max(json_error_position(CAST(s.meta_json AS TEXT)), 1) || ' on' END`;
const target = {
  selected_candidate_index: `ifnull(s.selected_candidate_index, s.selected_candidate)`,
  prompt_text: `CASE WHEN ifnull(s.prompt_text, '') = '' THEN ${promptIn('s.meta_json')} ELSE s.prompt_text END`,
};

/** Fills the jobs of a range; those without a run and those with unreadable JSON are filled and reported. */
function fillJobs(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'run_jobs', 'selected_candidate')) return allRight(db, range, 'run_jobs', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const count = db
    .prepare<unknown[], { rows: number; issueRows: number; moved: number }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE issue) AS issueRows, count(*) FILTER (WHERE NOT issue AND open) AS moved
       FROM (SELECT ${homeless} OR ${unreadable} AS issue,
           ${target.selected_candidate_index} IS NOT s.selected_candidate_index OR ${target.prompt_text} IS NOT s.prompt_text AS open
         FROM run_jobs AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { rows: 0, issueRows: 0, moved: 0 };
  if (count.issueRows > 0) {
    context.setAside({
      reason: 'run-missing',
      detailSql: namesMissing('run', 's.run_id'),
      where: `${inChunk} AND ${homeless}`,
      params: values,
      isPlaced: true,
    });
    context.setAside({
      reason: 'meta-unreadable',
      detailSql: `'the details are ' || ${kindOfJson}`,
      where: `${inChunk} AND ${unreadable}`,
      params: values,
      isPlaced: true,
    });
  }
  db.prepare(
    `UPDATE run_jobs AS s SET selected_candidate_index = ${target.selected_candidate_index}, prompt_text = ${target.prompt_text}
     WHERE ${inChunk} AND (ifnull(s.prompt_text, '') = '' OR s.selected_candidate_index IS NULL)`,
  ).run(values);
  return { moved: count.moved, issueRows: count.issueRows, alreadyRight: count.rows - count.moved - count.issueRows };
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every job its prompt and its chosen candidate',
  what: [
    'The table run_jobs gets prompt_text, filled from the details of each job, and selected_candidate_index, filled from selected_candidate.',
    'final_asset_id is added empty; a later migration fills it.',
    'The old columns stay as they are; when an older program changes them, the new ones follow.',
  ],
  effect: { grows: [], changes: { run_jobs: Object.keys(target) } },

  up(db) {
    for (const [column, definition] of Object.entries(columns)) addColumn(db, 'run_jobs', column, definition);
    if (columnExists(db, 'run_jobs', 'selected_candidate')) ensureMirrors(db, triggers, followTriggers);
  },

  backfills: [
    { name: 'jobs', title: 'filling the prompts and choices of jobs', source: 'run_jobs', key: 'id', chunk: fillJobs },
  ],

  shape: (db) => [
    ...missingColumns(db, 'run_jobs', Object.keys(columns)).map((column) => `run_jobs has no column ${column}`),
    ...(columnExists(db, 'run_jobs', 'selected_candidate') ? wrongMirrors(db, triggers, followTriggers) : []),
  ],

  // The prompt is looked up by its path here, which finds the first of equal keys instead of the last.
  verify: (db) =>
    columnExists(db, 'run_jobs', 'selected_candidate')
      ? [
          ...expectNone(
            db,
            'jobs whose choice stands in the old column only',
            `
            SELECT id FROM run_jobs WHERE id IS NOT NULL AND selected_candidate IS NOT NULL AND selected_candidate_index IS NULL`,
          ),
          ...expectNone(
            db,
            'jobs whose prompt stands in the details only',
            `
            SELECT id FROM run_jobs WHERE id IS NOT NULL AND prompt_text = ''
              AND CASE WHEN json_valid(meta_json) THEN length(meta_json ->> '$.prompt') > 0 AND json_type(meta_json, '$.prompt') = 'text' END
              AND instr(substr(meta_json, instr(meta_json, '"prompt"') + 8), '"prompt"') = 0`,
          ),
        ]
      : [],
});
