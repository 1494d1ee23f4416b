import { isLeftTo, type Twin } from '../triggers/mirror.ts';
import { assetOf, cleaned } from './path-rule.ts';

/** What the triggers of both directions know about candidates. Part of their migration and as immutable as it is. */

const slot = ['job_id', 'candidate_index'] as const;
const notNull = [
  ...slot,
  'status',
  'rank_hard_failures',
  'rank_soft_warnings',
  'rank_avg_chroma_exceed',
  'meta_json',
  'created_at',
] as const;
/** Columns that both tables have, but the id and the time of making. */
export const sharedColumns = notNull.filter((column) => column !== 'created_at');
/** The column that names a file by its path, and the one that names it by its asset. */
export const fileColumns = [
  ['output_path', 'output_asset_id'],
  ['final_output_path', 'final_asset_id'],
] as const;

/** By column of `other`: NEW, a row of `from`, changes what is to stand there. */
export const changesOf = (from: Twin, other: Twin): Record<string, string> =>
  Object.fromEntries(
    other.columns.map((column, at) => [column, `NEW.${from.columns[at]} IS NOT OLD.${from.columns[at]}`]),
  );

/** What a program need not say: its insert leaves it empty, or at a default that means nothing. */
export const openColumns = sharedColumns.filter((column) => column !== 'job_id' && column !== 'candidate_index');
/** Ranks are said together with the rest: 0 means that nothing is said only where the others are 0 and empty as well. */
const ranks = openColumns.filter((column) => column.startsWith('rank_'));
const saysNothing = `${ranks.map((column) => `NEW.${column} = 0`).join(' AND ')} AND NEW.status = '' AND ifnull(NEW.meta_json, '') IN ('', '{}')`;
const isOpen = (there: string, column: string) =>
  ranks.some((rank) => rank === column) ? `(${saysNothing} AND ${isLeftTo(there, column)})` : isLeftTo(there, column);
const twin = (table: string, files: readonly string[]): Twin => ({
  table,
  key: 'id',
  slot,
  notNull,
  columns: [...notNull, ...files],
  isLeftTo: (there, column) => ([...openColumns, ...files].includes(column) ? isOpen(there, column) : '0'),
});
export const oldCandidates = twin(
  'run_job_candidates',
  fileColumns.map(([path]) => path),
);
export const candidates = twin(
  'run_candidates',
  fileColumns.map(([, asset]) => asset),
);

/**
 * NEW, a row of `twin`, as it is by now, as `s`: a trigger of somebody else may have changed it since. Where it moved to
 * another place, that change was carried over already.
 */
export const rowOf = ({ table }: Twin): string =>
  `FROM ${table} AS s WHERE s.id = NEW.id AND s.job_id IS NEW.job_id AND s.candidate_index IS NEW.candidate_index`;
/** A column of it. */
export const valueOf = (twin: Twin, column: string): string => `(SELECT s.${column} ${rowOf(twin)})`;
/** It says by now something else in the column than NEW does, and that was carried over. */
export const isPassed = (twin: Twin, column: string): string =>
  `${valueOf(twin, column)} IS NOT NEW.${column} COLLATE BINARY`;

export const isEmpty = (value: string): string => `ifnull(${value}, '') = ''`;

export const projectOf = (job: string): string =>
  `(SELECT r.project_id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = ${job})`;

/** The asset that a path of NEW, a candidate, names. */
export const fileOf = (column: string): string =>
  `(SELECT ${assetOf('k.project', 'k.path')} FROM (SELECT ${cleaned(`NEW.${column}`)} AS path, ${projectOf('NEW.job_id')} AS project) AS k)`;
