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
 * Gives every stored secret the column kms_key_ref, filled from key_ref (rule S1).
 * Why: the reference says which key a secret is encrypted with; the new name says where such keys are kept.
 * The secrets themselves are never read. An empty key_ref stays empty: the original then made up a value in the old
 * column, which is not ours to change (D18).
 */

/** A rule of somebody else's comes first: OR REPLACE would take a secret away. */
const isFree = `NOT ${valueMayBreakRuleOf('project_api_secrets', 'kms_key_ref', 'NEW.key_ref')}`;

const triggers = {
  _phasewise_0005_secrets_insert: `CREATE TRIGGER _phasewise_0005_secrets_insert AFTER INSERT ON project_api_secrets
  WHEN NEW.kms_key_ref IS NULL OR NEW.kms_key_ref = ''
  BEGIN
    UPDATE project_api_secrets SET kms_key_ref = NEW.key_ref WHERE rowid = NEW.rowid AND ${isFree};
  END`,
  _phasewise_0005_secrets_update: `CREATE TRIGGER _phasewise_0005_secrets_update AFTER UPDATE OF key_ref ON project_api_secrets
  WHEN NEW.key_ref IS NOT OLD.key_ref AND NEW.kms_key_ref IS OLD.kms_key_ref AND NEW.kms_key_ref IS NOT NEW.key_ref
  BEGIN
    UPDATE project_api_secrets SET kms_key_ref = NEW.key_ref WHERE rowid = NEW.rowid AND ${isFree};
  END`,
};

/** The old column's own default says nothing: a program that names only the new column gets it there. */
const followTriggers = {
  _phasewise_0005_secrets_insert_follows: `CREATE TRIGGER _phasewise_0005_secrets_insert_follows AFTER INSERT ON project_api_secrets
  WHEN ifnull(NEW.key_ref, '') IN ('', 'local-master') AND ifnull(NEW.kms_key_ref, '') <> '' AND NEW.key_ref IS NOT NEW.kms_key_ref
  BEGIN
    UPDATE project_api_secrets SET key_ref = NEW.kms_key_ref WHERE rowid = NEW.rowid;
  END`,
  _phasewise_0005_secrets_update_follows: `CREATE TRIGGER _phasewise_0005_secrets_update_follows AFTER UPDATE OF kms_key_ref ON project_api_secrets
  WHEN NEW.kms_key_ref IS NOT OLD.kms_key_ref AND NEW.key_ref IS OLD.key_ref AND NEW.key_ref IS NOT NEW.kms_key_ref
    AND NEW.kms_key_ref IS NOT NULL
  BEGIN
    UPDATE project_api_secrets SET key_ref = NEW.kms_key_ref WHERE rowid = NEW.rowid;
  END`,
};

/** Fills the key references of a range; secrets of a missing project are filled and reported. */
function fillKeyReferences(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'project_api_secrets', 'key_ref')) return allRight(db, range, 'project_api_secrets', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const isOpen = `(ifnull(s.kms_key_ref, '') = '' AND s.key_ref IS NOT NULL AND s.key_ref IS NOT s.kms_key_ref)`;
  const homeless = `NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = s.project_id)`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE homeless) AS issueRows, count(*) FILTER (WHERE NOT homeless AND open) AS moved,
         count(*) FILTER (WHERE NOT homeless AND NOT open) AS alreadyRight
       FROM (SELECT ${isOpen} AS open, ${homeless} AS homeless FROM project_api_secrets AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  context.setAside({
    reason: 'project-missing',
    detailSql: namesMissing('project', 's.project_id'),
    where: `${inChunk} AND ${homeless}`,
    params: values,
    isPlaced: true,
  });
  db.prepare(`UPDATE project_api_secrets AS s SET kms_key_ref = s.key_ref WHERE ${inChunk} AND ${isOpen}`).run(values);
  return count;
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Name the key of every stored secret',
  what: [
    'Stored secrets get the column kms_key_ref, filled from key_ref. The secrets themselves are not read.',
    'The column key_ref stays as it is; when an older program changes it, the new column follows.',
  ],
  effect: { grows: [], changes: { project_api_secrets: ['kms_key_ref'] } },

  up(db) {
    addColumn(db, 'project_api_secrets', 'kms_key_ref', 'TEXT');
    if (columnExists(db, 'project_api_secrets', 'key_ref')) ensureMirrors(db, triggers, followTriggers);
  },

  backfills: [
    {
      name: 'key-references',
      title: 'naming the key of every stored secret',
      source: 'project_api_secrets',
      key: 'id',
      chunk: fillKeyReferences,
    },
  ],

  shape: (db) => [
    ...missingColumns(db, 'project_api_secrets', ['kms_key_ref']).map(
      (column) => `project_api_secrets has no column ${column}`,
    ),
    ...(columnExists(db, 'project_api_secrets', 'key_ref') ? wrongMirrors(db, triggers, followTriggers) : []),
  ],

  verify: (db) =>
    columnExists(db, 'project_api_secrets', 'key_ref')
      ? expectNone(
          db,
          'secrets whose key is named in the old column only',
          `
          SELECT id FROM project_api_secrets
          WHERE id IS NOT NULL AND length(key_ref) > 0 AND coalesce(length(kms_key_ref), 0) = 0`,
        )
      : [],
});
