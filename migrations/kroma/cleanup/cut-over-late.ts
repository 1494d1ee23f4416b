import { columnExists, tableExists, type Db } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { oldValuesOf } from './cut-over-values.ts';
import { writeQuietly } from '../triggers/mirror.ts';
import { assetOf, cleaned } from '../rules/path-rule.ts';

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

export function carryLateRows(db: Db): void {
  if (tableExists(db, 'users')) carryUsers(db);
  if (tableExists(db, 'run_job_candidates')) carryCandidates(db);
  for (const { name } of canonical) if (tableExists(db, name)) carryValues(db, name);
}

function carryUsers(db: Db): void {
  db.exec(`INSERT INTO app_users (id, ${userColumns.join(', ')}) SELECT id, ${userColumns.join(', ')} FROM users AS s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM app_users AS t WHERE t.id = s.id)
      AND NOT EXISTS (SELECT 1 FROM app_users AS o WHERE o.username = s.username)`);
}

/** Files are looked up, not registered: a path that leads to none is noted by the walk, with its row. */
function carryCandidates(db: Db): void {
  if (!columnExists(db, 'assets', 'rel_path')) return;
  const project = `(SELECT r.project_id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id)`;
  const files = Object.keys(fileColumns).map(
    (path) =>
      `(SELECT ${assetOf('k.project', 'k.path')} FROM (SELECT ${cleaned(`s.${path}`)} AS path, ${project} AS project) AS k)`,
  );
  const insert = `INSERT INTO run_candidates (id, ${plainColumns.join(', ')}, ${Object.values(fileColumns).join(', ')})
    SELECT s.id, ${plainColumns.map((name) => `s.${name}`).join(', ')}, ${files.join(', ')} FROM run_job_candidates AS s
    WHERE s.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_candidates AS t WHERE t.id = s.id)
      AND EXISTS (SELECT 1 FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = s.job_id)
      AND NOT EXISTS (SELECT 1 FROM run_candidates AS o WHERE o.job_id = s.job_id AND o.candidate_index = s.candidate_index)`;
  writeQuietly(db, ['run_candidates'], () => db.exec(insert));
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

/** No project ever leaves: an owner who is not there gets a stand-in, under the id by which the project names it. */
export function addStandIns(db: Db, now: string): void {
  const named = columnExists(db, 'projects', 'user_id')
    ? `coalesce(nullif(p.owner_user_id, ''), nullif(p.user_id, ''))`
    : `nullif(p.owner_user_id, '')`;
  const homeless = db
    .prepare<[], { place: number; id: string | null; slug: string; owner: string | null }>(
      `SELECT p.rowid AS place, p.id, p.slug, ${named} AS owner FROM projects AS p
       WHERE NOT EXISTS (SELECT 1 FROM app_users AS a WHERE a.id = p.owner_user_id) ORDER BY p.id`,
    )
    .all();
  const isTaken = db.prepare<unknown[], number>(
    `SELECT 1 FROM projects WHERE owner_user_id = :owner AND slug = :slug AND rowid <> :place`,
  );
  writeQuietly(db, ['projects'], () => {
    for (const { place, id, slug, owner } of homeless) {
      const wanted = owner ?? standIn;
      // Two projects of one owner must not share a slug.
      const isFree = isTaken.get({ owner: wanted, slug, place }) === undefined;
      const chosen = isFree ? wanted : `${standIn}:${id ?? place}`;
      addStandIn(db, chosen, now);
      db.prepare(`UPDATE projects SET owner_user_id = ? WHERE rowid = ? AND owner_user_id IS NOT ?`).run(
        ...[chosen, place, chosen],
      );
    }
  });
}

function addStandIn(db: Db, id: string, now: string): void {
  const isThere = db.prepare<[string], number>(`SELECT 1 FROM app_users WHERE id = ?`).pluck();
  const isTaken = db.prepare<[string], number>(`SELECT 1 FROM app_users WHERE username = ?`).pluck();
  if (isThere.get(id) !== undefined) return;
  const base = id.startsWith(standIn) ? id : `${standIn}-${id}`;
  let username = base;
  for (let number = 2; isTaken.get(username) !== undefined; number++) username = `${base}-${number}`;
  db.prepare(
    `INSERT INTO app_users (id, username, display_name, email, is_active, created_at, updated_at)
     VALUES (?, ?, '${standInName}', NULL, 0, ?, ?)`,
  ).run(id, username, now, now);
}
