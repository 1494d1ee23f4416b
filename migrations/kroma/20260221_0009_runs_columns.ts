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
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives every run its canonical columns: run_mode, model_name and settings_snapshot_json from mode, model and
 * meta_json (rules R1 and R2); provider_code, started_at and finished_at stay empty, no source knows them (R3).
 * Why: the canonical schema says what the values are; meta_json of a run is the snapshot of its settings.
 * The snapshot is filled where it still is '{}', which the original forgot, so that readers hid the old text (D1).
 */
const columns = {
  run_mode: 'TEXT',
  model_name: 'TEXT',
  settings_snapshot_json: `TEXT NOT NULL DEFAULT '{}'`,
  provider_code: 'TEXT',
  started_at: 'TEXT',
  finished_at: 'TEXT',
};

const isEmpty = (value: string) => `ifnull(${value}, '') = ''`;
const jsonOf = (text: string) => `CASE WHEN ${isEmpty(text)} THEN '{}' ELSE ${text} END`;

const isFree = (column: string, value: string) => `NOT ${valueMayBreakRuleOf('runs', column, value)}`;
/** A trigger that somebody added later fires first: what is written comes from the row as it stands, not from NEW. */
const triggers = {
  _phasewise_0009_runs_insert: `CREATE TRIGGER _phasewise_0009_runs_insert AFTER INSERT ON runs
  BEGIN
    UPDATE runs SET
        run_mode = CASE WHEN ${isEmpty('run_mode')} AND ${isFree('run_mode', 'runs.mode')} THEN mode ELSE run_mode END,
        model_name = CASE WHEN ${isEmpty('model_name')} AND ${isFree('model_name', 'runs.model')} THEN model ELSE model_name END,
        settings_snapshot_json = CASE WHEN settings_snapshot_json IN ('', '{}') AND ${isFree('settings_snapshot_json', jsonOf('runs.meta_json'))}
          THEN ${jsonOf('meta_json')} ELSE settings_snapshot_json END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0009_runs_update: `CREATE TRIGGER _phasewise_0009_runs_update AFTER UPDATE OF mode, model, meta_json ON runs
  BEGIN
    UPDATE runs SET
        run_mode = CASE WHEN NEW.mode IS NOT OLD.mode AND run_mode IS OLD.run_mode AND ${isFree('run_mode', 'runs.mode')} THEN mode ELSE run_mode END,
        model_name = CASE WHEN NEW.model IS NOT OLD.model AND model_name IS OLD.model_name AND ${isFree('model_name', 'runs.model')} THEN model ELSE model_name END,
        settings_snapshot_json = CASE WHEN NEW.meta_json IS NOT OLD.meta_json AND settings_snapshot_json IS OLD.settings_snapshot_json
          AND meta_json IS NOT settings_snapshot_json AND ${isFree('settings_snapshot_json', jsonOf('runs.meta_json'))} THEN ${jsonOf('meta_json')} ELSE settings_snapshot_json END
      WHERE rowid = NEW.rowid;
  END`,
};

const isBlankJson = (text: string) => `ifnull(${text}, '') IN ('', '{}')`;
/** A column that only its new name was given, or changed, for; what is equal already is left alone. */
const followTriggers = {
  _phasewise_0009_runs_insert_follows: `CREATE TRIGGER _phasewise_0009_runs_insert_follows AFTER INSERT ON runs
  WHEN (${isEmpty('NEW.mode')} AND NOT ${isEmpty('NEW.run_mode')}) OR (${isEmpty('NEW.model')} AND NOT ${isEmpty('NEW.model_name')})
    OR (${isBlankJson('NEW.meta_json')} AND NOT ${isBlankJson('NEW.settings_snapshot_json')})
  BEGIN
    UPDATE runs SET
        mode = CASE WHEN ${isEmpty('mode')} AND NOT ${isEmpty('run_mode')} THEN run_mode ELSE mode END,
        model = CASE WHEN ${isEmpty('model')} AND NOT ${isEmpty('model_name')} THEN model_name ELSE model END,
        meta_json = CASE WHEN ${isBlankJson('meta_json')} AND NOT ${isBlankJson('settings_snapshot_json')}
          THEN settings_snapshot_json ELSE meta_json END
      WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0009_runs_update_follows: `CREATE TRIGGER _phasewise_0009_runs_update_follows
  AFTER UPDATE OF run_mode, model_name, settings_snapshot_json ON runs
  WHEN (NEW.run_mode IS NOT OLD.run_mode AND NEW.mode IS NOT NEW.run_mode)
    OR (NEW.model_name IS NOT OLD.model_name AND NEW.model IS NOT NEW.model_name)
    OR (NEW.settings_snapshot_json IS NOT OLD.settings_snapshot_json AND NEW.meta_json IS NOT NEW.settings_snapshot_json)
  BEGIN
    UPDATE runs SET
        mode = CASE WHEN NEW.run_mode IS NOT OLD.run_mode AND mode IS OLD.mode THEN ifnull(run_mode, mode) ELSE mode END,
        model = CASE WHEN NEW.model_name IS NOT OLD.model_name AND model IS OLD.model THEN model_name ELSE model END,
        meta_json = CASE WHEN NEW.settings_snapshot_json IS NOT OLD.settings_snapshot_json AND meta_json IS OLD.meta_json
          AND NOT (${isBlankJson('settings_snapshot_json')} AND ${isBlankJson('meta_json')})
          THEN settings_snapshot_json ELSE meta_json END
      WHERE rowid = NEW.rowid;
  END`,
};

/** The columns of row `s` as they are to be. */
const target = {
  run_mode: `CASE WHEN ${isEmpty('s.run_mode')} AND s.mode IS NOT NULL THEN s.mode ELSE s.run_mode END`,
  model_name: `CASE WHEN ${isEmpty('s.model_name')} AND s.model IS NOT NULL THEN s.model ELSE s.model_name END`,
  settings_snapshot_json: `CASE WHEN ifnull(s.settings_snapshot_json, '') IN ('', '{}') THEN ${jsonOf('s.meta_json')}
    ELSE s.settings_snapshot_json END`,
};
const isOpen = Object.entries(target)
  .map(([column, value]) => `(${value}) IS NOT s.${column}`)
  .join(' OR ');

/** Fills the runs of a range; runs of a missing project are filled and reported. */
function fillRuns(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'runs', 'mode')) return allRight(db, range, 'runs', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const homeless = `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE homeless) AS issueRows, count(*) FILTER (WHERE NOT homeless AND open) AS moved,
         count(*) FILTER (WHERE NOT homeless AND NOT open) AS alreadyRight
       FROM (SELECT ${homeless} AS homeless, ${isOpen} AS open FROM runs AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  context.setAside({
    reason: 'project-missing',
    detailSql: namesMissing('project', 's.project_id'),
    where: `${inChunk} AND ${homeless}`,
    params: values,
    isPlaced: true,
  });
  db.prepare(
    `UPDATE runs AS s SET ${Object.entries(target)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}
     WHERE ${inChunk} AND (${isOpen})`,
  ).run(values);
  return count;
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Give every run its canonical columns',
  what: [
    'The table runs gets run_mode, model_name and settings_snapshot_json, filled from mode, model and meta_json.',
    'provider_code, started_at and finished_at are added empty.',
    'The old columns stay as they are; when an older program changes them, the new ones follow.',
  ],
  effect: { grows: [], changes: { runs: Object.keys(target) } },

  up(db) {
    for (const [column, definition] of Object.entries(columns)) addColumn(db, 'runs', column, definition);
    if (columnExists(db, 'runs', 'mode')) ensureMirrors(db, triggers, followTriggers);
  },

  backfills: [
    { name: 'runs', title: 'filling the canonical columns of runs', source: 'runs', key: 'id', chunk: fillRuns },
  ],

  shape: (db) => [
    ...missingColumns(db, 'runs', Object.keys(columns)).map((column) => `runs has no column ${column}`),
    ...(columnExists(db, 'runs', 'mode') ? wrongMirrors(db, triggers, followTriggers) : []),
  ],

  verify: (db) =>
    columnExists(db, 'runs', 'mode')
      ? [
          ...expectNone(
            db,
            'runs whose mode or model stands in the old column only',
            `
            SELECT id FROM runs WHERE id IS NOT NULL AND ((length(mode) > 0 AND coalesce(length(run_mode), 0) = 0)
              OR (length(model) > 0 AND coalesce(length(model_name), 0) = 0))`,
          ),
          ...expectNone(
            db,
            'runs whose settings stand in the old column only',
            `
            SELECT id FROM runs WHERE id IS NOT NULL AND length(meta_json) > 0 AND meta_json <> '{}'
              AND ifnull(settings_snapshot_json, '') IN ('', '{}')`,
          ),
        ]
      : [],
});
