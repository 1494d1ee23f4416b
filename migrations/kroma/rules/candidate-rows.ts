import type { Twin } from '../triggers/mirror.ts';
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
export const oldCandidates: Twin = { table: 'run_job_candidates', slot, notNull };
export const candidates: Twin = { table: 'run_candidates', slot, notNull };

/** Columns that both tables have, but the id and the time of making. */
export const sharedColumns = notNull.filter((column) => column !== 'created_at');
/** The column that names a file by its path, and the one that names it by its asset. */
export const fileColumns = [
  ['output_path', 'output_asset_id'],
  ['final_output_path', 'final_asset_id'],
] as const;

export const isEmpty = (value: string): string => `ifnull(${value}, '') = ''`;

export const projectOf = (job: string): string =>
  `(SELECT r.project_id FROM run_jobs AS j JOIN runs AS r ON r.id = j.run_id WHERE j.id = ${job})`;

/** The asset that a path of NEW, a candidate, names. */
export const fileOf = (column: string): string =>
  `(SELECT ${assetOf('k.project', 'k.path')} FROM (SELECT ${cleaned(`NEW.${column}`)} AS path, ${projectOf('NEW.job_id')} AS project) AS k)`;
