import { columnExists, tableExists, type Db } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { oldValuesOf } from './cut-over-values.ts';
import { writeQuietly } from '../triggers/mirror.ts';
import { wordList } from './final-schema.ts';
import { missingWordRules } from './final-shape.ts';
import { ownTriggersOn, withoutTriggers } from './final-triggers.ts';
import { assetOf, cleaned } from '../rules/path-rule.ts';
import { policyNames, policyOf } from '../rules/storage-policy.ts';
import { rowId } from '../triggers/storage-triggers.ts';

/**
 * What has to be there before the walks, because rows that appear in between would not be in their accounts: rows and
 * values that came into old names unseen, and owners for projects without one. Part of the cut-over. Nearly always
 * there is nothing to do.
 */
export const userColumns = ['username', 'display_name', 'email', 'is_active', 'created_at', 'updated_at'];
export const plainColumns = [
  ...['job_id', 'candidate_index', 'status', 'rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed'],
  ...['meta_json', 'created_at'],
];
export const fileColumns = { output_path: 'output_asset_id', final_output_path: 'final_asset_id' };

export function carryLateRows(db: Db, now: string): void {
  if (tableExists(db, 'users')) carryUsers(db);
  if (tableExists(db, 'run_job_candidates')) carryCandidates(db);
  for (const { name } of canonical) if (tableExists(db, name)) carryValues(db, name);
  carryStorage(db, now);
}

/**
 * What goes into the new table for a value of the old row `s`. Where the rebuild has made a list of words the table's own
 * rule, another word would be refused: the nearest listed one goes in, and the walk over the old table notes the row.
 */
function carried(db: Db, name: string, column: string): string {
  const table = canonical.find((each) => each.name === name);
  const worded = table?.columns.find((each) => each.name === column && each.allowed !== undefined);
  if (!table || !worded || missingWordRules(db, table, [column]).length > 0) return `s.${column}`;
  const nearest = worded.type === 'TEXT' ? `''` : `ifnull(s.${column} <> 0, 1)`;
  return `CASE WHEN s.${column} IN (${wordList(worded)}) THEN s.${column} ELSE ${nearest} END`;
}

function carryUsers(db: Db): void {
  const values = userColumns.map((name) => carried(db, 'app_users', name));
  db.exec(`INSERT INTO app_users (id, ${userColumns.join(', ')}) SELECT s.id, ${values.join(', ')} FROM users AS s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM app_users AS t WHERE t.id = s.id)
      AND NOT EXISTS (SELECT 1 FROM app_users AS o WHERE o.username = s.username)`);
}

/** Files are looked up, not registered: a path that leads to none is noted by the walk, with its row. */
function carryCandidates(db: Db): void {
  const project = `(SELECT r.project_id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id)`;
  // Where old paths are gone, the walk notes the path with its row.
  const hasOldPaths = columnExists(db, 'assets', 'rel_path');
  const files = Object.keys(fileColumns).map((path) =>
    hasOldPaths
      ? `(SELECT ${assetOf('k.project', 'k.path')} FROM (SELECT ${cleaned(`s.${path}`)} AS path, ${project} AS project) AS k)`
      : 'NULL',
  );
  const insert = `INSERT INTO run_candidates (id, ${plainColumns.join(', ')}, ${Object.values(fileColumns).join(', ')})
    SELECT s.id, ${plainColumns.map((name) => carried(db, 'run_candidates', name)).join(', ')}, ${files.join(', ')} FROM run_job_candidates AS s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id)
      AND EXISTS (SELECT 1 FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id)
      AND NOT EXISTS (SELECT 1 FROM run_candidates AS o WHERE o.job_id = s.job_id AND o.candidate_index = s.candidate_index)`;
  writeQuietly(db, ['run_candidates'], () => db.exec(insert));
}

/** Projects without a row that says where their files lie: their settings say it, as they did to the storage's migration. */
export const storelessProjects = `SELECT p.id FROM projects AS p
  WHERE p.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM project_storage AS d WHERE d.project_id = p.id)`;

function carryStorage(db: Db, now: string): void {
  if (!tableExists(db, 'project_storage') || db.prepare(`${storelessProjects} LIMIT 1`).get() === undefined) return;
  const policies = policyOf(`SELECT s.id AS project_id, CAST(s.settings_json AS TEXT) AS settings
    FROM projects AS s WHERE s.id IN (${storelessProjects})`);
  const insert = `INSERT INTO project_storage (id, project_id, ${policyNames.join(', ')}, created_at, updated_at)
    SELECT ${rowId('n.project_id')}, n.project_id, ${policyNames.map((name) => `n.${name}`).join(', ')}, :now, :now FROM (${policies}) AS n`;
  writeQuietly(db, ['project_storage'], () => db.prepare(insert).run({ now }));
}

/** Old columns that say something where the new one says nothing. */
function carryValues(db: Db, table: string): void {
  const late = oldValuesOf(db, table).filter(({ isLate }) => isLate !== '0');
  const any = late.map(({ isLate }) => isLate).join(' OR ');
  if (late.length === 0 || db.prepare(`SELECT 1 FROM ${table} AS s WHERE ${any} LIMIT 1`).get() === undefined) return;
  writeQuietly(db, [table], () => {
    for (const { isLate, legacy, canonical: column } of late)
      db.exec(`UPDATE ${table} AS s SET ${column} = s.${legacy} WHERE ${isLate}`);
  });
}

const standIn = 'missing-owner';
const standInName = 'Missing owner';
/** @param user alias of a row of app_users. */
export const isStandIn = (user: string): string =>
  `(${user}.display_name = '${standInName}' AND ${user}.is_active = 0 AND substr(${user}.username, 1, ${standIn.length}) = '${standIn}')`;

/** True for a project `p` whose owner is not there under the new name. */
const isHomeless = `NOT EXISTS (SELECT 1 FROM app_users AS a WHERE a.id = p.owner_user_id)`;
export const homelessProjects = `SELECT p.id FROM projects AS p WHERE ${isHomeless}`;

/**
 * No project ever leaves: an owner who is not there gets a stand-in, under the id by which the project names it. One who
 * is in the old table and was not carried over, because somebody else has the user name, is taken over under a free one;
 * the walk over the old table notes the name.
 */
export function addStandIns(db: Db, now: string): void {
  const named = columnExists(db, 'projects', 'user_id')
    ? `coalesce(nullif(p.owner_user_id, ''), nullif(p.user_id, ''))`
    : `nullif(p.owner_user_id, '')`;
  const homeless = db
    .prepare<[], { place: number; id: string | null; slug: string; owner: string | null }>(
      `SELECT p.rowid AS place, p.id, p.slug, ${named} AS owner FROM projects AS p WHERE ${isHomeless} ORDER BY p.id`,
    )
    .all();
  if (homeless.length === 0) return;
  const isTaken = db.prepare<unknown[], number>(
    `SELECT 1 FROM projects WHERE owner_user_id = :owner AND slug = :slug AND rowid <> :place`,
  );
  // The old table is to say what it does: what follows us there would overwrite its row of the same id.
  withoutTriggers(db, ownTriggersOn(db, 'app_users'), () =>
    writeQuietly(db, ['projects'], () => {
      for (const { place, id, slug, owner } of homeless) {
        const wanted = owner ?? standIn;
        // Two projects of one owner must not share a slug.
        const isFree = isTaken.get({ owner: wanted, slug, place }) === undefined;
        const chosen = isFree ? wanted : `${standIn}:${id ?? place}`;
        addOwner(db, chosen, now);
        db.prepare(`UPDATE projects SET owner_user_id = ? WHERE rowid = ? AND owner_user_id IS NOT ?`).run(
          ...[chosen, place, chosen],
        );
      }
    }),
  );
}

function addOwner(db: Db, id: string, now: string): void {
  const isThere = db.prepare<[string], number>(`SELECT 1 FROM app_users WHERE id = ?`).pluck();
  if (isThere.get(id) !== undefined) return;
  const old = tableExists(db, 'users')
    ? db.prepare<[string], string>(`SELECT ifnull(username, '') FROM users WHERE id = ? COLLATE BINARY`).pluck().get(id)
    : undefined;
  if (old !== undefined) return takeOver(db, id, freeName(db, old === '' ? id : `${old}-${id}`), now);
  const username = freeName(db, id.startsWith(standIn) ? id : `${standIn}-${id}`);
  db.prepare(
    `INSERT INTO app_users (id, username, display_name, email, is_active, created_at, updated_at)
     VALUES (?, ?, '${standInName}', NULL, 0, ?, ?)`,
  ).run(id, username, now, now);
}

/** Somebody else has the user name, or the row would have been carried over; all else is theirs. */
function takeOver(db: Db, id: string, username: string, now: string): void {
  db.prepare(
    `INSERT INTO app_users (id, username, display_name, email, is_active, created_at, updated_at)
     SELECT id, :username, coalesce(display_name, ''), email, coalesce(${carried(db, 'app_users', 'is_active')}, 1), coalesce(created_at, :now), coalesce(updated_at, :now)
     FROM users AS s WHERE id = :id COLLATE BINARY`,
  ).run({ id, username, now });
}

function freeName(db: Db, base: string): string {
  const isTaken = db.prepare<[string], number>(`SELECT 1 FROM app_users WHERE username = ?`).pluck();
  let username = base;
  for (let number = 2; isTaken.get(username) !== undefined; number++) username = `${base}-${number}`;
  return username;
}
