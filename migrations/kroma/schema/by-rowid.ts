import { canonical } from './canonical.ts';

/** The tables of the first version that the last phase removes. */
export const legacyTables: readonly string[] = ['users', 'run_job_candidates'];

/**
 * Tables in which a row is addressed by its rowid: where old and new columns stand in one row, a trigger brings that row
 * up to date, and a row without an id has no other name. The proof that nothing was lost asks so of the old tables, too.
 */
export const tablesByRowid: readonly string[] = [
  ...legacyTables,
  ...canonical.filter(({ legacyColumns }) => legacyColumns !== undefined).map(({ name }) => name),
];

/** The triggers of candidates look for a file by their own columns, which they do not name by their table. */
export const columnsMistaken: Readonly<Record<string, readonly string[]>> = {
  assets: ['output_path', 'final_output_path', 'output_asset_id', 'final_asset_id'],
};
