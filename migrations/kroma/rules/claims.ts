import {
  inRange,
  rangeValues,
  type BackfillContext,
  type ChunkCount,
  type Db,
  type KeyRange,
  type SqlValue,
} from '@engine/migration.ts';
import { namesMissing } from './details.ts';
import { assetOf, cleaned, registerAll } from './path-rule.ts';

/**
 * Which row names a file first. Many rows name the same path; a file that nobody registered, and the empty columns of
 * one that somebody did, are credited to the first of them by time, then by id (D11). Rows are walked by id, so the
 * first is only known once all have been seen: they are noted in a working table, which is settled afterwards.
 */
export const createClaims = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${table} (
    claim INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL,
    path TEXT NOT NULL,
    instant REAL NOT NULL,
    unreadable TEXT NOT NULL,
    claimant TEXT NOT NULL,
    slot INTEGER NOT NULL,
    run_id TEXT,
    job_id TEXT,
    candidate_id TEXT,
    asset_id TEXT,
    UNIQUE (project_id, path)
  )`;

/** Times that can't be read come first, as text. */
export const instantOf = (time: string): string => `coalesce(julianday(${time}), -1)`;
export const unreadableTime = (time: string): string => `CASE WHEN julianday(${time}) IS NULL THEN ${time} ELSE '' END`;

/** Notes the claims that `rows` yields: project_id, path, instant, unreadable, claimant, slot, run_id, job_id, candidate_id. */
export const noteClaims = (table: string, rows: string): string => `
  INSERT INTO ${table} (project_id, path, instant, unreadable, claimant, slot, run_id, job_id, candidate_id)
  SELECT * FROM (${rows}) WHERE path <> ''
  ON CONFLICT (project_id, path) DO UPDATE SET instant = excluded.instant, unreadable = excluded.unreadable,
    claimant = excluded.claimant, slot = excluded.slot, run_id = excluded.run_id, job_id = excluded.job_id,
    candidate_id = excluded.candidate_id
  WHERE (excluded.instant, excluded.unreadable, excluded.claimant, excluded.slot)
    < (${table}.instant, ${table}.unreadable, ${table}.claimant, ${table}.slot)`;

/** The kinds of files and the ends of their ids, by the slot that names them. */
export interface ClaimKinds {
  readonly kind: string;
  readonly suffix: string;
}

/**
 * Settles the claims of a range: registers the files that are not there, and fills the empty run, job and candidate of
 * those that are. Files of a project that does not exist can't be registered; the rows that name them say so.
 */
export function settleClaims(db: Db, table: string, kinds: ClaimKinds, range: KeyRange, now: string): ChunkCount {
  const inChunk = inRange(range, 'c.claim');
  const values = rangeValues(range);
  db.prepare(`UPDATE ${table} AS c SET asset_id = ${assetOf('c.project_id', '+c.path')} WHERE ${inChunk}`).run(values);
  const fills = ['run_id', 'job_id', 'candidate_id']
    .map((column) => `(ifnull(a.${column}, '') = '' AND c.${column} IS NOT NULL)`)
    .join(' OR ');
  // An asset whose address and path differ is named by two paths: then the first of both counts.
  const isFirst = `(a.storage_uri IS a.rel_path OR NOT EXISTS (SELECT 1 FROM ${table} AS o
    WHERE o.project_id = c.project_id AND o.path IN (${cleaned('a.storage_uri')}, ${cleaned('a.rel_path')}) AND o.claim <> c.claim
      AND (o.instant, o.unreadable, o.claimant, o.slot) < (c.instant, c.unreadable, c.claimant, c.slot)
      AND ${assetOf('o.project_id', '+o.path')} = a.id))`;
  const fillable = `${inChunk} AND (${fills}) AND ${isFirst}`;
  const hits = `FROM ${table} AS c JOIN assets AS a ON a.id = c.asset_id WHERE ${fillable}`;
  const rows =
    db.prepare<unknown[], number>(`SELECT count(*) FROM ${table} AS c WHERE ${inChunk}`).pluck().get(values) ?? 0;
  const filled = db.prepare<unknown[], number>(`SELECT count(*) ${hits}`).pluck().get(values) ?? 0;
  const fill = (column: string) => `${column} = coalesce(nullif(a.${column}, ''), c.${column}, a.${column})`;
  if (filled > 0) {
    db.prepare(
      `UPDATE assets AS a SET ${fill('run_id')}, ${fill('job_id')}, ${fill('candidate_id')} FROM ${table} AS c
       WHERE a.id = c.asset_id AND ${fillable}`,
    ).run(values);
  }
  const file = {
    id: `(c.claimant || ${kinds.suffix})`,
    otherwise: 'c.claim',
    project: 'c.project_id',
    run: 'c.run_id',
    job: 'c.job_id',
    candidate: 'c.candidate_id',
    kind: kinds.kind,
    path: '+c.path',
    now: ':now',
  };
  const registered = db
    .prepare(registerAll(file, `FROM ${table} AS c WHERE ${inChunk} AND c.asset_id IS NULL`))
    .run({ ...values, now }).changes;
  return { moved: filled + registered, alreadyRight: rows - filled - registered, issueRows: 0 };
}

/** SQL: true where a reference to a file leads nowhere; tools that do not enforce foreign keys leave such ones. */
export const isAstray = (reference: string): string =>
  `(ifnull(${reference}, '') <> '' AND NOT EXISTS (SELECT 1 FROM assets AS there WHERE there.id = ${reference}))`;
export const lacksFile = (reference: string): string => `(ifnull(${reference}, '') = '' OR ${isAstray(reference)})`;

/** Reports rows whose reference leads nowhere, where nothing else says which file is meant. The reference stays. */
export const setAstrayAside = (
  context: BackfillContext,
  where: string,
  params: Record<string, SqlValue>,
  reference: string,
): number =>
  context.setAside({
    reason: 'file-missing',
    detailSql: namesMissing('file', reference),
    where: `${where} AND ifnull(${reference}, '') <> ''`,
    params,
    isPlaced: true,
  });

/**
 * Reports rows that name a file which nothing can refer to, and why.
 * @param project the project of a row `s`, as SQL; @param path the path that it names.
 */
export function setNamelessAside(
  context: BackfillContext,
  where: string,
  params: Record<string, SqlValue>,
  { project, path }: { project: string; path: string },
): void {
  context.setAside({
    reason: 'project-missing',
    detailSql: namesMissing('project', project),
    where: `${where} AND NOT EXISTS (SELECT 1 FROM projects AS p WHERE p.id = ${project})`,
    params,
    isPlaced: true,
  });
  context.setAside({
    reason: 'file-without-id',
    detailSql: `'names ' || ${path} || ', which is registered without an id'`,
    where,
    params,
    isPlaced: true,
  });
}
