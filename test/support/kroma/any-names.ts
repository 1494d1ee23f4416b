import type { Db } from '@engine/migration.ts';
import { canonical } from '../../../migrations/kroma/schema/canonical.ts';

/**
 * Columns that a person added to tables of the family, under names that SQL of ours uses for something else: columns of
 * our own tables, of json_each and the pragmas, aliases of tables and of results.
 */
const own = 'cursor upper_key upper expected moved already_right issue_rows backfill_id migration_id source source_key';
const recorded = 'source_table reason detail is_placed row_json run_id recorded_at checksum phase seq';
const functions = 'key value type atom parent fullkey path json root name seqno cid from table sql tbl_name';
const results = 'n k m rows count row_key answer place said noted missing there walk problem odd open change doc top';
const working = 'claim claimant instant unreadable slot project child mirror storage settings local s3 is_turned';
const aliases = 'a b c d e f g h i j l o p q r s t u v w x y z old other named found f0 f1 f2 f3 f4 f5 f6 f7 f8';
const references = 'id project_id run_id job_id candidate_id asset_id user_id owner username slug created_at state';
const names = [own, recorded, functions, results, working, aliases, references].join(' ').split(' ');

/** Tables that are there from the first version on; two of them lose their names in the last phase. */
export const firstTables: readonly string[] = [
  ...['users', 'projects', 'project_api_secrets', 'project_exports', 'assets', 'runs', 'run_jobs'],
  'run_job_candidates',
];

/** Those of the names that neither the table nor what it becomes has. */
function namesFor(db: Db, table: string): string[] {
  const now = db.prepare<[string], string>(`SELECT lower(name) FROM pragma_table_xinfo(?)`).pluck().all(table);
  const final = canonical.find(({ name, legacyName }) => name === table || legacyName === table);
  const taken = new Set([
    ...now,
    ...(final?.columns ?? []).map(({ name }) => name),
    ...Object.keys(final?.legacyColumns ?? {}),
  ]);
  return [...new Set(names)].filter((name) => !taken.has(name.toLowerCase()));
}

/** Adds them to the tables, as texts: filled in every other row, NULL between. @returns what was added, by table. */
export function addAnyNames(db: Db, tables: readonly string[]): Record<string, string[]> {
  const added = tables.map((table) => [table, namesFor(db, table)] as const);
  for (const [table, columns] of added) {
    for (const column of columns) db.exec(`ALTER TABLE ${table} ADD COLUMN "${column}" TEXT`);
    const set = columns.map((column) => `"${column}" = '${column} of ' || rowid`).join(', ');
    db.exec(`UPDATE ${table} SET ${set} WHERE rowid % 2`);
  }
  return Object.fromEntries(added.map(([table, columns]) => [table, [...columns]]));
}

/** What stands in these columns, row for row. */
export const valuesOf = (db: Db, added: Readonly<Record<string, readonly string[]>>): Record<string, unknown[]> =>
  Object.fromEntries(
    Object.entries(added).map(([table, columns]) => [
      table,
      db
        .prepare<[], unknown[]>(`SELECT id, ${columns.map((name) => `"${name}"`).join(', ')} FROM ${table} ORDER BY id`)
        .raw()
        .all(),
    ]),
  );
