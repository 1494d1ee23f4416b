import {
  addColumn,
  allRight,
  columnExists,
  defineMigration,
  expectNone,
  inRange,
  missingColumns,
  rangeValues,
  tableExists,
} from '@engine/migration.ts';
import type { BackfillContext, Db, KeyRange } from '@engine/migration.ts';
import { namesMissing } from './rules/details.ts';
import { valueMayBreakRuleOf } from './rules/own-rule.ts';
import { ensureMirrors, wrongMirrors } from './triggers/mirror-triggers.ts';

/**
 * Gives every project the column owner_user_id, filled from user_id (rule P1).
 * Why: the owner refers to app_users, user_id to users, which the last phase removes.
 * An owner that is there stays. One that is not among the users is kept and reported, never dropped (D6). The column
 * gets its NOT NULL and its reference with the rebuild of the last phase.
 */
const id = '20260221_0002_projects_owner_col';

/** uq_projects_owner_slug of dual files: filling the owner must not make two projects of one owner share a slug. */
const slugTaken = (owner: string, slug: string, rowid: string) =>
  `EXISTS (SELECT 1 FROM projects AS other WHERE other.owner_user_id = ${owner} AND other.slug = ${slug} AND other.rowid <> ${rowid})`;

/** A rule of somebody else's comes first: OR REPLACE would take a project away, with all that is in it. */
const ownerFollowsUser = `
    UPDATE projects SET owner_user_id = NEW.user_id
      WHERE rowid = NEW.rowid AND NOT ${slugTaken('NEW.user_id', 'NEW.slug', 'NEW.rowid')}
        AND NOT ${valueMayBreakRuleOf('projects', 'owner_user_id', 'NEW.user_id', 'name')};`;

const triggers = {
  _phasewise_0002_projects_insert: `CREATE TRIGGER _phasewise_0002_projects_insert AFTER INSERT ON projects
  WHEN NEW.owner_user_id IS NULL OR NEW.owner_user_id = ''
  BEGIN${ownerFollowsUser}
  END`,
  _phasewise_0002_projects_update: `CREATE TRIGGER _phasewise_0002_projects_update AFTER UPDATE OF user_id ON projects
  WHEN NEW.user_id IS NOT OLD.user_id AND NEW.owner_user_id IS OLD.owner_user_id AND NEW.owner_user_id IS NOT NEW.user_id
  BEGIN${ownerFollowsUser}
  END`,
};

/** The old column refers to users and is unique with the slug: an owner that does not fit there stays in the new one. */
const userFollowsOwner = `
    UPDATE projects SET user_id = NEW.owner_user_id
      WHERE rowid = NEW.rowid AND EXISTS (SELECT 1 FROM users AS u WHERE u.id = NEW.owner_user_id)
        AND NOT EXISTS (SELECT 1 FROM projects AS other
          WHERE other.user_id = NEW.owner_user_id AND other.slug = NEW.slug AND other.rowid <> NEW.rowid)
        AND NOT ${valueMayBreakRuleOf('projects', 'user_id', 'NEW.owner_user_id', 'name')};`;

const followTriggers = {
  _phasewise_0002_projects_insert_follows: `CREATE TRIGGER _phasewise_0002_projects_insert_follows AFTER INSERT ON projects
  WHEN ifnull(NEW.user_id, '') = '' AND ifnull(NEW.owner_user_id, '') <> ''
  BEGIN${userFollowsOwner}
  END`,
  _phasewise_0002_projects_update_follows: `CREATE TRIGGER _phasewise_0002_projects_update_follows AFTER UPDATE OF owner_user_id ON projects
  WHEN NEW.owner_user_id IS NOT OLD.owner_user_id AND NEW.user_id IS OLD.user_id AND NEW.user_id IS NOT NEW.owner_user_id
  BEGIN${userFollowsOwner}
  END`,
};

/** Fills the owners of a range; projects whose owner is missing are filled and reported. */
function fillOwners(db: Db, range: KeyRange, context: BackfillContext) {
  if (!columnExists(db, 'projects', 'user_id')) return allRight(db, range, 'projects', 'id');
  const inChunk = inRange(range, 's.id');
  const values = rangeValues(range);
  const isOpen = `(s.owner_user_id IS NULL OR s.owner_user_id = '') AND s.user_id IS NOT s.owner_user_id`;
  const taken = `(${isOpen} AND ${slugTaken('s.user_id', 's.slug', 's.rowid')})`;
  const ownerOf = `coalesce(nullif(s.owner_user_id, ''), s.user_id)`;
  const homeless = `NOT EXISTS (SELECT 1 FROM app_users AS a WHERE a.id = ${ownerOf})`;
  const count = db
    .prepare<unknown[], { issueRows: number; moved: number; alreadyRight: number }>(
      `SELECT count(*) FILTER (WHERE taken OR homeless) AS issueRows,
         count(*) FILTER (WHERE NOT (taken OR homeless) AND open) AS moved,
         count(*) FILTER (WHERE NOT (taken OR homeless) AND NOT open) AS alreadyRight
       FROM (SELECT ${taken} AS taken, ${homeless} AS homeless, coalesce(${isOpen}, 0) AS open FROM projects AS s WHERE ${inChunk})`,
    )
    .get(values) ?? { issueRows: 0, moved: 0, alreadyRight: 0 };
  context.setAside({
    reason: 'owner-slug-taken',
    detailSql: `(SELECT 'the project ' || other.id || ' of the same owner has the short name ' || s.slug FROM projects AS other
      WHERE other.owner_user_id = s.user_id AND other.slug = s.slug AND other.rowid <> s.rowid)`,
    where: `${inChunk} AND ${taken}`,
    params: values,
    isPlaced: true,
  });
  context.setAside({
    reason: 'owner-missing',
    detailSql: namesMissing('user', ownerOf),
    where: `${inChunk} AND ${homeless}`,
    params: values,
    isPlaced: true,
  });
  db.prepare(`UPDATE projects AS s SET owner_user_id = s.user_id WHERE ${inChunk} AND ${isOpen} AND NOT ${taken}`).run(
    values,
  );
  return count;
}

export default defineMigration({
  phase: 1,
  kind: 'expand',
  title: 'Name the owner of every project',
  what: [
    'Projects get the column owner_user_id, filled from user_id.',
    'The column user_id stays as it is; when an older program changes it, the owner follows.',
  ],
  effect: { grows: [], changes: { projects: ['owner_user_id'] } },

  up(db) {
    addColumn(db, 'projects', 'owner_user_id', 'TEXT');
    // Filling looks for a project of the same owner and slug; without an index that would be a scan per project.
    db.exec('CREATE INDEX IF NOT EXISTS idx_projects_owner_slug ON projects (owner_user_id, slug)');
    if (columnExists(db, 'projects', 'user_id')) ensureMirrors(db, triggers, followTriggers);
  },

  backfills: [
    { name: 'owners', title: 'naming the owner of every project', source: 'projects', key: 'id', chunk: fillOwners },
  ],

  shape: (db) => [
    ...missingColumns(db, 'projects', ['owner_user_id']).map((column) => `projects has no column ${column}`),
    ...(columnExists(db, 'projects', 'user_id') ? wrongMirrors(db, triggers, followTriggers) : []),
  ],

  verify: (db) =>
    columnExists(db, 'projects', 'user_id') && tableExists(db, 'projects')
      ? expectNone(
          db,
          'projects that have a user but no owner',
          `
          SELECT id FROM projects WHERE id IS NOT NULL AND ifnull(owner_user_id, '') = '' AND user_id <> ''
          EXCEPT SELECT source_key FROM _phasewise_quarantine
            WHERE backfill_id = '${id}/owners' AND reason = 'owner-slug-taken'`,
        )
      : [],
});
